"""What a group is called from one time to the next: a number that says nothing. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from agents.alike.groups import ALONE

MOSTLY = 0.5


def named(ids: Sequence[int], groups: Sequence[int], before: Mapping[int, str]) -> dict[int, str]:
    """The name of each one's group, "" for those alone; `before` are the names of the last time.

    A group that is mostly who it was keeps its name, the largest first: of those that were there both
    times and stood in either, at least half stand in both. Who came or went does not count.
    """
    members: dict[int, set[int]] = defaultdict(set)
    for one, group in zip(ids, groups, strict=True):
        if group != ALONE:
            members[group].add(one)
    names = dict.fromkeys(ids, "")
    kept = _kept(members, {one: name for one, name in before.items() if one in names})
    taken = {*kept.values(), *before.values()}
    for group, who in sorted(members.items(), key=lambda item: min(item[1])):
        name = kept.get(group) or _new(who, taken)
        taken.add(name)
        names |= dict.fromkeys(who, name)
    return names


def _kept(members: Mapping[int, set[int]], before: Mapping[int, str]) -> dict[int, str]:
    old: dict[str, set[int]] = defaultdict(set)
    for one, name in before.items():
        if name:
            old[name].add(one)
    claims = []
    for group, who in members.items():
        for name in {before[one] for one in who if before.get(one)}:
            both = old[name] & who
            either = old[name] | {one for one in who if one in before}
            if len(both) >= MOSTLY * len(either):
                claims.append((-len(both), min(who), name, group))
    kept: dict[int, str] = {}
    for _, _, name, group in sorted(claims):
        if group not in kept and name not in kept.values():
            kept[group] = name
    return kept


def _new(who: set[int], taken: set[str]) -> str:
    """Its smallest id; one more behind it where that is still the name of others."""
    name = f"c{min(who)}"
    while name in taken:
        name += "x"
    return name
