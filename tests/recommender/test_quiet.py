"""Quiet hours: the user's own word shuts the page to what is new; and what is untrue is taken back."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from accounts import preferences
from agents.models import Candidate
from recommender.models import Decision
from recommender.quiet import quiet_until
from recommender.serving import look, serve_tip, still_holds
from tests.people import NOW, Item, person

BERLIN = ZoneInfo("Europe/Berlin")
LOCAL = NOW.astimezone(BERLIN)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def word(key: str, value: object, source: str = "user") -> dict[str, object]:
    return {"key": key, "source": source, "value": value}


def say(someone, start: int, end: int) -> None:
    preferences.say(someone.user, "quiet_start", start, now=NOW)
    preferences.say(someone.user, "quiet_end", end, now=NOW)


@pytest.mark.django_db
def test_in_their_quiet_hours_nobody_is_offered_anything_new():
    ada = person("ada@example.com", Item("Thing"))
    say(ada, LOCAL.hour, (LOCAL.hour + 2) % 24)
    seen = look(ada.user, now=NOW, rng=rng())
    assert seen.shown is None
    assert seen.quiet_until == LOCAL.replace(hour=LOCAL.hour + 2, minute=0, second=0)
    assert not Decision.objects.exists()
    assert serve_tip(ada.user, now=NOW + timedelta(hours=2), rng=rng())


@pytest.mark.django_db
def test_a_tip_that_was_there_before_stays_through_the_quiet_hours():
    ada = person("ada@example.com", Item("Thing"))
    first = serve_tip(ada.user, now=NOW, rng=rng())
    say(ada, 0, 23)
    assert serve_tip(ada.user, now=NOW, rng=rng()) == first


@pytest.mark.django_db
def test_hours_that_were_only_inferred_shut_the_page_to_nobody():
    ada = person("ada@example.com", Item("Thing"))
    preferences.infer(ada.user, "quiet_start", 0, confidence=0.9, now=NOW)
    preferences.infer(ada.user, "quiet_end", 23, confidence=0.9, now=NOW)
    assert serve_tip(ada.user, now=NOW, rng=rng())


@pytest.mark.django_db
def test_the_page_says_until_when_it_is_quiet_and_where_that_is_changed():
    ada = person("ada@example.com", Item("Thing"), now=timezone.now())
    hour = timezone.now().astimezone(BERLIN).hour
    say(ada, hour, (hour + 3) % 24)
    browser = Client()
    browser.force_login(ada.user)
    page = browser.get("/").content.decode()
    assert "These are your quiet hours." in page
    assert f"Tips come again at {(hour + 3) % 24:02}:00." in page
    assert "/beliefs/#quiet_start" in page
    told = browser.post("/api/recommend").json()
    assert (told["tip"], told["state"]) == (None, "quiet")


@pytest.mark.parametrize(
    ("start", "end", "hour", "until"),
    [
        (22, 7, 23, (2, 7)),
        (22, 7, 3, (1, 7)),
        (22, 7, 7, None),
        (22, 7, 21, None),
        (13, 14, 13, (1, 14)),
        (9, 9, 9, None),
    ],
)
def test_quiet_hours_may_span_midnight_and_equal_ones_are_none(start, end, hour, until):
    said = [word("quiet_start", start), word("quiet_end", end)]
    ends = quiet_until(said, datetime(2026, 3, 1, hour, 30, tzinfo=BERLIN))
    assert (ends and (ends.day, ends.hour)) == until


def test_what_is_no_hour_is_nobodys_word():
    odd = [word("quiet_start", None), word("quiet_end", "noon")]
    assert quiet_until(odd, LOCAL) is None


@pytest.mark.parametrize(
    ("said", "inferred", "hour", "until"),
    [
        ({"quiet_start": 23}, {"quiet_start": 1, "quiet_end": 9}, 8, 9),
        ({"quiet_start": 23}, {"quiet_start": 1, "quiet_end": 9}, 22, None),
        ({"quiet_start": 23}, {}, 6, 7),
        ({"quiet_end": 9}, {}, 22, 9),
        ({"quiet_start": 23, "quiet_end": 5}, {"quiet_end": 9}, 6, None),
    ],
)
def test_who_says_only_when_they_begin_has_the_end_that_holds_elsewhere(
    said, inferred, hour, until
):
    words = [word(key, value) for key, value in said.items()]
    words += [word(key, value, "inferred") for key, value in inferred.items()]
    for told in (words, words[::-1]):
        ends = quiet_until(told, datetime(2026, 3, 1, hour, 30, tzinfo=BERLIN))
        assert (ends and ends.hour) == until


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "stays"), [("insight", False), ("advice", True)])
def test_an_insight_whose_numbers_are_others_leaves_the_screen_and_an_advice_stays(kind, stays):
    ada = person("ada@example.com")
    Candidate.objects.exclude(kind="advice").delete()
    Candidate.objects.update(kind=kind)
    first = serve_tip(ada.user, now=NOW, rng=rng())
    assert first
    mine = Decision.objects.get(pk=first.id)
    Candidate.objects.filter(pk=mine.candidate_id).update(retired_at=NOW)
    assert still_holds(ada.user.pk, UUID(first.id), now=NOW) is stays
    again = serve_tip(ada.user, now=NOW, rng=rng())
    assert (again == first) is stays
    mine.refresh_from_db()
    assert mine.status == ("open" if stays else "untrue")
