"""Which candidates a policy may choose from: no repeats, and a balance between kinds.

It comes before the policy and knows nothing of it: the same living candidates, the same tips shown
before and the same balance leave the same ones eligible. So a policy's distribution over what is
eligible is the distribution that the tip was drawn from.

In this order, each step among what the last one left:

1. What a person wants none of (a share of 0) is out, whatever else there is.
2. A candidate that was among the last SAME tips, not long ago, gives way to others. So does a task
   when it was its reminder that was shown; a reminder of a task that was shown does not.
3. Among those of one kind, what is alike to one of the last ALIKE tips (a cluster) gives way.
4. A kind that has had its share of the last WINDOW tips, and SLACK more, gives way to the others.
5. Among those of one kind, what is on the topic of one of the last ALIKE tips gives way.

But for the first, a step that would leave nothing is left out. Reminders are about now: theirs is no
share of tips, and of the steps only the first two are for them. All sums are of whole numbers.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

# Another rule is another number: a decision says by which one it was narrowed.
RULE = 1
REMINDER = "reminder"
SAME = 3
ALIKE = 2
LATELY_MINUTES = 12 * 60  # what was shown longer ago is no repeat
WINDOW = 24
SLACK = 2


@dataclass(frozen=True, slots=True)
class Item:
    """What mixing knows of a living candidate: ids and labels, never a word of the user's.

    `about` names the task or event it is about, "" where it is about none.
    """

    id: str
    kind: str
    about: str = ""
    topic: str = ""
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A tip that was shown, this many whole minutes ago. One that was put off is to come again: of
    it only the kind is told.
    """

    kind: str
    minutes: int
    id: str = ""
    about: str = ""
    topic: str = ""
    cluster: str = ""


class Because(StrEnum):
    """Why a living candidate was left out."""

    UNWANTED = "unwanted"
    SHOWN = "shown"
    ALIKE = "alike"
    SHARE = "share"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Indices of the eligible, in order, and why the others are not."""

    eligible: tuple[int, ...]
    left_out: Mapping[int, Because] = field(default_factory=dict)


def narrow(living: Sequence[Item], shown: Sequence[Shown], shares: Mapping[str, int]) -> Narrowed:
    """Who of `living` may be chosen. `shown` begins with the last tip, `shares` are whole numbers by
    kind: what they are shares of is their sum, without that of reminders.

    Nothing is eligible only where nothing is wanted.
    """
    left_out: dict[int, Because] = {}
    kept = list(range(len(living)))
    lately = [tip for tip in shown[:SAME] if tip.minutes < LATELY_MINUTES]
    alike = [tip for tip in shown[:ALIKE] if tip.minutes < LATELY_MINUTES]
    ids, about = {tip.id for tip in lately}, {tip.about for tip in lately} - {""}
    clusters, topics = {tip.cluster for tip in alike} - {""}, {tip.topic for tip in alike} - {""}
    full = {kind for kind in {one.kind for one in living} if has_had_its_share(kind, shown, shares)}

    def give_way(because: Because, out: Callable[[Item], bool], *, within_kind: bool) -> None:
        nonlocal kept
        gone = {i for i in kept if out(living[i])}
        stay = {living[i].kind if within_kind else "" for i in kept if i not in gone}
        for i in gone:
            if (living[i].kind if within_kind else "") in stay:
                left_out[i] = because
        kept = [i for i in kept if i not in left_out]

    for i in kept:
        if shares.get(living[i].kind, 0) <= 0:
            left_out[i] = Because.UNWANTED
    kept = [i for i in kept if i not in left_out]

    def again(one: Item, label: str, seen: Collection[str]) -> bool:
        return label in seen and one.kind != REMINDER

    give_way(
        Because.SHOWN, lambda one: one.id in ids or again(one, one.about, about), within_kind=False
    )
    give_way(Because.ALIKE, lambda one: again(one, one.cluster, clusters), within_kind=True)
    give_way(Because.SHARE, lambda one: one.kind in full, within_kind=False)
    give_way(Because.TOPIC, lambda one: again(one, one.topic, topics), within_kind=True)
    return Narrowed(tuple(kept), dict(sorted(left_out.items())))


def has_had_its_share(kind: str, shown: Sequence[Shown], shares: Mapping[str, int]) -> bool:
    """Whether one more of a kind would be more than its share of the last tips, and SLACK. Reminders,
    which are not counted, never have.
    """
    before = [tip.kind for tip in shown if tip.kind != REMINDER][:WINDOW]
    whole = sum(share for of, share in shares.items() if of != REMINDER)
    would_be = (before.count(kind) + 1) * whole
    return would_be > shares.get(kind, 0) * (len(before) + 1) + SLACK * whole
