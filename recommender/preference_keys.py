"""The preferences that the recommender uses."""

from accounts.preferences import Key, declare
from recommender.bandit.balance import START
from recommender.bandit.feature_list import KINDS

BALANCE = "balance"

declare(
    Key(
        BALANCE,
        "How tips are shared out between kinds; a kind with no share is not offered.",
        dict(START),
        scope="mixing",
        type="shares",
        choices=KINDS,
    )
)
