"""A fair share of too many decisions: of every person, day and hour as much as of any other.

The newest so many would be another window than was asked for, and one that does not hold every
weekday alike.
"""

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from recommender.models import Score


def thinned(rows: "QuerySet[Score]", most: int) -> "QuerySet[Score]":
    """All of `rows` if there are at most `most`, else the half, quarter, eighth ... that is.

    By the leading bits of a decision's id, which is random: what is in a share is in every larger one.
    """
    share, count = 1.0, rows.count()
    while count * share > most:
        share /= 2.0
    return rows if share == 1.0 else rows.filter(pk__lt=UUID(int=int(share * 2**128)))
