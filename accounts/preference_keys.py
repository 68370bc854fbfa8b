"""The preferences that the accounts floor itself uses."""

from accounts.preferences import Key, declare, hour

declare(
    Key(
        "quiet_start", "From this hour on nothing new is offered.", 22, hour, "an hour from 0 to 23"
    )
)
declare(Key("quiet_end", "From this hour on tips come again.", 7, hour, "an hour from 0 to 23"))
