"""Under what name a person is known on the bus."""

import secrets
from collections.abc import Collection

from oo.events.models import Pseudonym


def pseudonyms_of(user_ids: Collection[int]) -> dict[int, str]:
    """A person's name on the bus, always the same; made when it is first asked for."""
    known = _known(user_ids)
    if missing := set(user_ids) - set(known):
        # Two workers may do this at once: the first row of a person counts.
        Pseudonym.objects.bulk_create(
            [Pseudonym(user_id=user_id, token=secrets.token_hex(16)) for user_id in missing],
            ignore_conflicts=True,
        )
        known |= _known(missing)
    return known


def pseudonym_of(user_id: int) -> str | None:
    """A person's name on the bus, if they have one yet."""
    return _known([user_id]).get(user_id)


def user_of(token: str) -> int | None:
    """Whom a name on the bus means, or None."""
    return Pseudonym.objects.filter(token=token).values_list("user_id", flat=True).first()


def _known(user_ids: Collection[int]) -> dict[int, str]:
    rows = Pseudonym.objects.filter(user_id__in=user_ids)
    return {user: token for user, token in rows.values_list("user_id", "token") if user is not None}
