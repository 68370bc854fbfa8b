"""The preferences that the accounts floor itself uses."""

from accounts.preferences import Key, declare

HELP_SHARED_PRIOR = "help_shared_prior"

declare(
    Key(
        "quiet_start",
        "From this hour on nothing comes unasked; and nothing new at all, once you have set it.",
        22,
        scope="moment",
        type="hour",
    )
)
declare(Key("quiet_end", "From this hour on tips come again.", 7, scope="moment", type="hour"))
declare(
    Key(
        HELP_SHARED_PRIOR,
        "What was learned about you takes part in what newcomers start from.",
        default=False,
        scope="learning",
        type="yes_or_no",
        own_word=True,
    )
)
