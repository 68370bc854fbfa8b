"""The preferences that the accounts floor itself uses."""

from accounts.preferences import Key, declare, hour, yes_or_no

HELP_SHARED_PRIOR = "help_shared_prior"

declare(
    Key(
        "quiet_start", "From this hour on nothing new is offered.", 22, hour, "an hour from 0 to 23"
    )
)
declare(Key("quiet_end", "From this hour on tips come again.", 7, hour, "an hour from 0 to 23"))
declare(
    Key(
        HELP_SHARED_PRIOR,
        "What was learned about you takes part in what newcomers start from.",
        default=False,
        accepts=yes_or_no,
        hint="true or false",
        own_word=True,
    )
)
