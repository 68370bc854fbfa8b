"""Why a change to the profile was refused: one sentence for each thing that was sent wrong."""

from collections.abc import Mapping
from itertools import islice

LONGEST_ECHO = 60
MOST = 20


class Faults(ValueError):
    """Nothing of a change was made. `errors` says of each name what it should be, to the user.

    Names are as they were sent, cut short, and with what no reply can hold taken out.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        first = islice(errors.items(), MOST)
        self.errors = {_sayable(name[:LONGEST_ECHO]): _sayable(says) for name, says in first}
        super().__init__(" ".join(self.errors.values()))


def _sayable(text: str) -> str:
    """JSON can name half a letter, and UTF-8 has none."""
    return text.encode("utf-8", "replace").decode()
