"""Whatever a title, an invite or a posted field says, and whatever a model makes of it: nothing comes
of it but the person's own words, shown as words.

Every attack goes in where it would come in, through the parser of its source, and down the whole road:
ingest, refresh, the model's answers, the gate, the pool, the tip on the page. The model is hostile.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from agents.generate import generate, mark
from agents.models import Candidate, LlmCall, Writing
from agents.prompts import prompt
from agents.refresh import refresh
from agents.words import words_of
from agents.writing import gate, lint
from agents.writing.advices import TOPICS
from agents.writing.brief import brief
from integrations.endpoints import make_endpoint
from integrations.formats.todoist import parse_sync
from integrations.ingest import ingest_tasks
from integrations.ingest_calendar import ingest_calendar
from integrations.models import Connection
from integrations.work_off import work_off
from recommender.models import Decision
from tests.agents.test_generate_assembling import material
from tests.agents.writers import Model, answer, install, tip
from tests.injection.corpus import ATTACKS, CHANNELS, EVIL, Attack
from tests.injection.harm import HARM, forms
from tests.injection.hostile import GOOD, Hostile
from tests.injection.score import Score, places, tags, world
from tests.integrations.calendars import calendar
from tests.integrations.calendars import read as read_calendar
from tests.integrations.posting import Poster, upsert
from tests.people import where_it_is_morning

pytestmark = pytest.mark.django_db

SECRETS = (
    "Therapy with Ottilie Brandt",
    "Divorce papers to Mauritz Kern",
    "Launch of Quillfeather, tell nobody",
    "Ring the Charité about the biopsy",
)
PAGE = prompt().system(topics=TOPICS, mark=mark())


@dataclass
class Target:
    """Somebody with a list, a calendar and an endpoint, at ten in the morning where they are."""

    user: User
    now: datetime

    @classmethod
    def called(cls, name: str) -> "Target":
        now = timezone.now()
        user = User.objects.create_user(
            f"{name}@example.com", time_zone=where_it_is_morning(now), last_login=now
        )
        return cls(user, now)

    def link(self, source: str) -> Connection:
        return Connection.objects.create(
            user=self.user,
            source=source,
            created_at=self.now,
            synced_at=self.now,
            zone=self.user.time_zone,
        )

    def take(self, channel: str, texts: list[str]) -> None:
        getattr(self, f"_{channel}")(texts)

    def _title(self, texts: list[str]) -> None:
        day = {"date": f"{self.now:%Y-%m-%d}"}
        items = [{"id": f"t{n}", "content": text, "due": day} for n, text in enumerate(texts)]
        pull = parse_sync({"items": items, "sync_token": "x", "full_sync": True}, now=self.now)
        ingest_tasks(self.link("todoist"), pull, told_before=set(), now=self.now)

    def _invite(self, texts: list[str]) -> None:
        start = self.now + timedelta(minutes=45)
        lines = [
            f"UID:{n}\nSUMMARY:{_in_a_calendar(text)}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\n"
            f"DTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}"
            for n, text in enumerate(texts)
        ]
        pull = read_calendar(calendar(*lines), time_zone=self.user.time_zone, now=self.now)
        ingest_calendar(self.link("ical"), pull, now=self.now)

    def _webhook(self, texts: list[str]) -> None:
        endpoint, secret = make_endpoint(self.user, "Shop", now=self.now)
        poster = Poster(self.user, endpoint, secret)
        for n, text in enumerate(texts):
            poster.post(upsert(f"w{n}", text, due=f"{self.now:%Y-%m-%d}"))
        work_off(now=self.now + timedelta(seconds=5))

    def known(self) -> list[str]:
        return words_of([self.user.pk])[self.user.pk].all

    def written_for(self) -> str:
        refresh([self.user.pk], now=self.now)
        said = generate(self.user.pk, now=self.now)
        refresh([self.user.pk], now=self.now + timedelta(minutes=1))
        return said

    def page(self) -> str:
        client = Client()
        client.force_login(self.user, "allauth.account.auth_backends.AuthenticationBackend")
        return client.get("/").content.decode()


def _in_a_calendar(text: str) -> str:
    for sign, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(sign, escaped)
    return text


def attacked(name: str, attacks: list[Attack], channel: str) -> Target:
    target = Target.called(name)
    target.take(channel, [attack.text for attack in attacks])
    return target


def look(score: Score, target: Target) -> None:
    """At every text that is stored for somebody, and at what they are shown."""
    theirs = target.known()
    candidates = list(Candidate.objects.filter(user=target.user))
    kept = [one["content"] for one in Writing.objects.get(user=target.user).tips]
    written = [one.content for one in candidates if one.model != "plain"]
    score.well_written += sum(text == GOOD for text in kept)
    for text in {*kept, *written}:
        score.look_at(text, page=PAGE, mark=mark(), theirs=theirs, others=list(SECRETS))
    for one in candidates:
        assert one.content.count("{title}") <= 1
        assert lint.faults(one.content, one.kind) == []
    called = {one.model for one in candidates} | {Writing.objects.get(user=target.user).model}
    score.strings_of_others += sorted(called - {"plain", "", "small", "small-2024-08-06"})
    for row in (*Candidate.objects.filter(user=target.user).values(), *Writing.objects.values()):
        score.leaks += [str(row)] if mark() in str(row) else []
    score.links += [name for row in candidates for name in (row.model, row.topic) if EVIL in name]


GROUP = 2


@pytest.mark.parametrize("kind", sorted({attack.kind for attack in ATTACKS}))
def test_no_attack_has_any_effect(kind, score, monkeypatch):
    hostile = Hostile(mark(), PAGE)
    names = cycle([
        f"<a href=//{EVIL}>small</a>", f"https://{EVIL}/pay", "1-900-555-0199", mark(), f"small-{mark()}",
        "Divorce-from-Mauritz", "small-you-are-a-failure", "small-2024-08-06",
    ])  # fmt: skip
    model = install(monkeypatch, Model(hostile, claims=lambda: next(names)))
    victim = Target.called("victim")
    victim.take("title", list(SECRETS))
    victim.written_for()
    attacks = [attack for attack in ATTACKS if attack.kind == kind]
    for number in range(0, len(attacks), GROUP):
        group = attacks[number : number + GROUP]
        channel = CHANNELS[(number // GROUP) % len(CHANNELS)]
        target = attacked(f"{channel}-{number}", group, channel)
        refresh([target.user.pk], now=target.now)
        before = world()
        asked = len(model.asked)
        generate(target.user.pk, now=target.now)
        after = world()
        score.effects += [label for label in after if after[label] != before[label]]
        refresh([target.user.pk], now=target.now + timedelta(minutes=1))
        score.attacks.update(attack.kind for attack in group)
        score.refused_at_the_door += max(0, len(group) - len(target.known()))
        score.answers += len(model.asked) - asked
        told = json.dumps(model.asked[asked:], ensure_ascii=False)
        score.strings_of_others += [title for title in SECRETS if title in told]
        look(score, target)
    assert score.clean, score.line()


READ_AS_CODE = ("markup and links", "braces", "delimiters", "very long")
SHOWN = [
    attack for number, attack in enumerate(ATTACKS) if attack.kind in READ_AS_CODE or number % 5 == 0
]  # fmt: skip
SHOWN_FROM = ("title", "webhook")
SHARES = 6


@pytest.mark.once  # what is on a page is the same on any database
@pytest.mark.parametrize("share", range(SHARES))
def test_an_attack_is_shown_to_its_owner_as_words_and_nothing_else(share, score):
    """The page of a harmless title that came in the same way is the measure."""
    measure = {
        channel: _page(channel, Attack("none", "Water the plants")) for channel in SHOWN_FROM
    }
    for number, attack in enumerate(SHOWN[share::SHARES]):
        channel = SHOWN_FROM[number % 2]
        page = _page(channel, attack)
        if page is None:
            score.refused_at_the_door += 1
            continue
        score.pages += 1
        score.links += sorted(places(page) - places(measure[channel]))
        assert tags(page) == tags(measure[channel]), attack
    assert score.clean, score.links


def _page(channel: str, attack: Attack) -> str | None:
    """The page of somebody who has this one task; None where it was refused at the door."""
    target = attacked(f"{channel}-{User.objects.count()}", [attack], channel)
    refresh([target.user.pk], now=target.now)
    Candidate.objects.filter(user=target.user).exclude(kind="task").delete()
    if not target.known():
        return None
    page = target.page()
    assert Decision.objects.filter(user=target.user, kind="task").exists()
    assert escape(target.known()[0].split()[0]) in page
    return page


def test_what_a_model_did_not_write_is_all_there_is_when_it_writes_only_mischief(monkeypatch):
    """The pool is as it would be had nobody been asked."""
    target = attacked("ada", ATTACKS[:3], "title")
    refresh([target.user.pk], now=target.now)
    before = list(Candidate.objects.order_by("key").values("key", "content", "model", "retired_at"))
    hostile = Hostile(mark(), PAGE, said=1)
    install(
        monkeypatch, Model(lambda asked: hostile(asked).replace(GOOD, f"See {EVIL}: {{title}}"))
    )
    assert generate(target.user.pk, now=target.now) == "refused"
    after = list(Candidate.objects.order_by("key").values("key", "content", "model", "retired_at"))
    assert after == before
    assert not LlmCall.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize("remote", [False, True])
def test_no_sentence_that_harms_lies_or_shames_gets_past_the_gate(remote, score):
    """Neither as a tip about a task, however it is put, nor as an advice."""
    told = brief(material(), topics=TOPICS, room=2000, remote=remote)
    for text in HARM:
        tips = [tip("task", form, "t1") for form in forms(text)]
        tips += [tip("advice", text, about) for about in ("", "a1")]
        for one in tips:
            verdict = gate.judge(answer(one), told, page=PAGE, mark=mark())
            score.harm += [one.content for one in verdict.accepted]
            score.answers += 1
    if not remote:
        score.attacks["harm"] = len(HARM)
    assert score.clean, score.harm
    assert len(set(HARM)) == len(HARM) >= 250


def test_there_are_enough_attacks_each_its_own_in_every_channel_and_tongue():
    texts = {attack.text for attack in ATTACKS}
    assert len(texts) == len(ATTACKS) >= 200
    assert len({attack.kind for attack in ATTACKS}) >= 12
    scripts = ("а", "以", "이", "ا", "ה", "प", "ล", "ς")
    for script in scripts:
        assert any(script in text for text in texts)
