"""A simulated population's life in a real database: by the real verbs, with a moved clock.

Everyone is called simulated-0001@example.invalid and so on, an address that can't exist: nobody can
sign in as one of them. Their tasks hang on a connection to a source called "simulation", which is
never read and holds no grant. What happens to them comes from the world `life`; what they are
offered and shown is the product's own choice, and what they answer is what their persona would.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from django.db.models import QuerySet

from accounts import erase, preferences
from accounts.models import Erasure, User
from accounts.preference_keys import HELP_SHARED_PRIOR
from agents.models import Candidate
from agents.pool import retire_closed
from agents.refresh import refresh
from integrations import snapshot
from integrations.models import Connection, Task
from recommender.bandit.reward import DISMISSED, SNOOZED, Reaction, reward
from recommender.learn import teach
from recommender.react import expire, react, settle
from recommender.serving import Silence, Tip, look
from recommender.simulation.days import KINDS
from recommender.simulation.life import NOISE, Life, LifePerson
from recommender.simulation.noise import nearest
from recommender.simulation.personas import worth
from recommender.simulation.run import Progress
from recommender.simulation.tasks import TASK, words
from recommender.simulation.world import PER_DAY, stream

SOURCE = "simulation"
NAMED = "simulated-{:04d}@example.invalid"
WORDS_LAST = timedelta(days=30)

# What stands for each value of the reward table: the reaction, and after how many seconds. Nobody here
# says "done" by reflex.
REACTIONS: Mapping[float, tuple[Reaction, float]] = {
    1.0: (Reaction.DONE, 60.0),
    0.6: (Reaction.DONE, 300.0),
    0.3: (Reaction.DONE, 1_200.0),
    0.1: (Reaction.SNOOZE, 6.0),
    -0.3: (Reaction.SNOOZE, 4.0),
    -1.0: (Reaction.DISMISS, 3.0),
}
# What displeases a little is mostly put off, and often enough sent away: -0.3 on average.
MILD, SENT_AWAY = -0.3, 0.36
LEFT_OPEN = 0.1
"""How often a tip is looked at and not answered."""


@dataclass(frozen=True)
class Made:
    """What a population left behind."""

    people: int = 0
    decisions: int = 0
    reactions: int = 0
    learned: int = 0

    def plus(self, other: "Made") -> "Made":
        return Made(
            self.people + other.people,
            self.decisions + other.decisions,
            self.reactions + other.reactions,
            self.learned + other.learned,
        )


def simulated() -> "QuerySet[User]":
    """The users that are nobody."""
    return User.objects.filter(
        email__startswith=NAMED[:10], email__endswith=NAMED[-16:], deleted_at=None
    )


def populate(people: int, days: int, *, seed: int, until: datetime, progress: Progress) -> Made:
    """`people` more simulated users who lived here for `days` days, to `until`.

    The same seed gives the same lives. `progress` counts days.
    """
    first = _next_number()
    lives = Life().people(first + people, seed)
    made = Made()
    for number in range(first, first + people):
        person = lives[number]
        assert isinstance(person, LifePerson)
        made = made.plus(_Resident(number, person, days, until, seed).live(progress))
    return made


def clear(*, now: datetime) -> tuple[int, int]:
    """Deletes every simulated user as any user is deleted.

    Returns how many are gone, and how many will be: their erasure is under way, and goes on by
    itself once what stood in its way (the cache, mostly) is back.
    """
    asked = [erase.ask(user, now=now).pk for user in simulated().order_by("pk")]
    for erasure in asked:
        erase.resume(erasure, now=now)
    gone = Erasure.objects.filter(pk__in=asked, finished_at__isnull=False).count()
    return gone, len(asked) - gone


def _next_number() -> int:
    last = simulated().order_by("-email").values_list("email", flat=True).first()
    return int(last[10:].partition("@")[0]) if last else 0


class _Resident:
    """One simulated user, and the life that is led through them."""

    def __init__(
        self, number: int, person: LifePerson, days: int, until: datetime, seed: int
    ) -> None:
        self.person, self.days = person, days
        self.rng = stream(seed, number, 9)
        midnight = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.begins = midnight - timedelta(days=days - 1)
        self.until = until
        # The life's weekday is the calendar's.
        person.weekday = self.begins.weekday()
        self.user = User.objects.create_user(NAMED.format(number + 1), time_zone="UTC")
        User.objects.filter(pk=self.user.pk).update(joined_at=self.begins, last_login=until)
        if number % 2:
            preferences.say(self.user, HELP_SHARED_PRIOR, True, now=self.begins)
        self.connection = Connection.objects.create(
            user=self.user,
            source=SOURCE,
            created_at=self.begins,
            synced_at=self.begins,
            due_at=None,
        )
        self.tasks: dict[int, int] = {}  # item of the life -> id of the task
        self.items: dict[int, int] = {}  # and back
        self.texts: snapshot.Texts = {}
        self.made = Made(people=1)

    def live(self, progress: Progress) -> Made:
        for day in range(self.days):
            for turn in range(PER_DAY):
                self._moment(day * PER_DAY + turn)
            self._night(self.begins + timedelta(days=day + 1))
            progress(1)
        return replace(self.made, decisions=self.user.decisions.count())

    def _at(self, days: float) -> datetime:
        return self.begins + timedelta(days=float(days))

    def _moment(self, k: int) -> None:
        self.person.occasion(k)  # brings the life to this moment
        day = k // PER_DAY
        scene = self.person.scene(k)
        now = self._at(day + scene.hour / 24.0)
        if now > self.until:
            return
        self._follow_life(now)
        refresh([self.user.pk], now=now)
        expire(now=now)
        shown = look(self.user, now=now, rng=self.rng).shown
        if shown is None:
            return
        if isinstance(shown, Silence):
            # Who is full of energy asks for a tip now and then.
            if scene.energy > 0.5 and self.rng.random() < 0.5:
                self._react(UUID(shown.id), Reaction.SHOW, 4.0, now)
            return
        self._answer(shown, k, now)

    def _answer(self, tip: Tip, k: int, now: datetime) -> None:
        candidate = Candidate.objects.filter(decisions__pk=tip.id).first()
        if candidate is None:
            return
        kind = KINDS.index(candidate.kind)
        traits, scene = self.person.traits(k), self.person.scene(k)
        item = self.items.get(candidate.task_id or 0)
        said = self.person.told(kind, item)
        appeal = 0.0 if item is None else float(self.person.items["appeal"][item])
        luck = NOISE * float(self.rng.normal())
        value = float(worth(traits, said, scene)[0]) + appeal + luck
        reaction, dwell = self._reaction(nearest(value), candidate.kind)
        self.person.was_shown(kind)
        if self.rng.random() < LEFT_OPEN:
            return
        self._react(UUID(tip.id), reaction, dwell, now)
        if reaction is Reaction.DONE and candidate.task_id is not None and item is not None:
            # Their source is no place where tasks could be completed: they did it themselves.
            self.person.items["gone"][item] = self.person.now
            self._close([candidate.task_id], now + timedelta(seconds=dwell))

    def _reaction(self, value: float, kind: str) -> tuple[Reaction, float]:
        """The reaction that stands for a value of the reward table of tasks; to what is no task, the
        one that is worth the nearest to it there.
        """
        if kind != Candidate.Kind.TASK:
            ways = (REACTIONS[1.0], REACTIONS[SNOOZED], REACTIONS[DISMISSED])
            return min(ways, key=lambda one: abs(reward(one[0], one[1], kind) - value))
        sent_away = value == MILD and self.rng.random() < SENT_AWAY
        return REACTIONS[DISMISSED if sent_away else value]

    def _react(self, decision: UUID, reaction: Reaction, dwell: float, now: datetime) -> None:
        then = now + timedelta(seconds=dwell)
        answer = react(self.user, decision, reaction.value, dwell_ms=int(dwell * 1000), now=then)
        if answer.counted:
            self.made = replace(self.made, reactions=self.made.reactions + 1)

    def _night(self, now: datetime) -> None:
        """What was said is settled and learned."""
        settle(now=min(now, self.until), only=[self.user.pk])
        before = self.user.rewards.filter(folded_at=None).count()
        teach([self.user.pk], now=min(now, self.until))
        self.made = replace(self.made, learned=self.made.learned + before)

    def _follow_life(self, now: datetime) -> None:
        """Tasks that came up since, and those that were done elsewhere."""
        items, at = self.person.items, self.person.now
        alive = (items["kind"] == TASK) & (items["born"] <= at) & (items["gone"] > at)
        new = [int(item) for item in np.flatnonzero(alive) if int(item) not in self.tasks]
        for item in new:
            self._bring(item)
        if new:
            snapshot.write(self.connection.pk, self.texts, lasts=WORDS_LAST)
        gone = [task for item, task in self.tasks.items() if items["gone"][item] <= at]
        self._close(gone, now)

    def _bring(self, item: int) -> None:
        thing = {name: float(values[item]) for name, values in self.person.items.items()}
        due = None if np.isnan(thing["due"]) else self._at(thing["due"])
        title = words(TASK, item, work=thing["work"] == 1.0)
        task = Task.objects.create(
            user=self.user,
            connection=self.connection,
            external_id=f"simulated-{item}",
            text_hash=f"{item:032d}",
            priority=int(thing["priority"]),
            due_on=due and due.date(),
            added_at=self._at(thing["born"]),
        )
        self.tasks[item], self.items[task.pk] = task.pk, item
        self.texts[f"task:{task.external_id}"] = title

    def _close(self, tasks: list[int], now: datetime) -> None:
        closed = Task.objects.filter(pk__in=tasks, closed_at=None).update(
            closed_at=now, closed_as=Task.Closed.DONE
        )
        if closed:
            retire_closed(self.user.pk, now=now)
