"""For each source, by its id, what it gives on a good day. Invented, like everything of ours.

On the network: GRANT, what its token endpoint answers; READ, its answers to one complete read, in
order; DONE, its answer to completing task "t1" by command "u1", where it can. As a file: FILE.
Either way: TITLES, what is open or coming in it at tests.people.NOW.
"""

from importlib import import_module
from types import ModuleType


def sample_of(source_id: str) -> ModuleType:
    return import_module(f"{__name__}.{source_id}")
