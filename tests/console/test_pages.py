"""What operators see: every page renders, soon, and shows nothing that is not theirs to read."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from accounts.models import Consent, Erasure, Preference, User
from adminconsole.dashboard import flow
from adminconsole.explain import explain, mixing
from adminconsole.models import AdminAction
from adminconsole.private import PRIVATE, tells_private, with_ground
from adminconsole.theme import TITLES
from agents.models import AgentOutput, Candidate, Writing
from agents.writing.advices import ADVICES
from integrations.models import Connection
from oo.events.models import Record
from recommender.models import Decision, Score
from tests.console.addresses import pages
from tests.console.world import SECRETS
from tests.people import where_it_is_morning

pytestmark = pytest.mark.django_db

MOST_QUERIES = 25


def lists() -> list[str]:
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]


def every_row() -> list[str]:
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
        for model in admin.site._registry
        for pk in model._default_manager.values_list("pk", flat=True)
    ]


def test_every_page_renders_within_a_bounded_number_of_queries(world, console):
    world(3)
    for address in pages():
        with CaptureQueriesContext(database) as queries:
            reply = console.get(address)
        assert reply.status_code == 200, address
        if "/health/" not in address:
            assert len(queries) <= MOST_QUERIES, (address, len(queries))


def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_one(world, console):
    def count() -> dict[str, int]:
        counts = {}
        for address in lists():
            console.get(address)  # what is read once and kept
            with CaptureQueriesContext(database) as queries:
                console.get(address)
            counts[address] = len(queries)
        return counts

    world(1)
    one = count()
    Record.objects.all().delete()
    User.objects.filter(email__startswith="p").delete()
    for model in (PeriodicTask, ClockedSchedule, CrontabSchedule, IntervalSchedule, Erasure):
        model.objects.all().delete()
    world(20)
    assert count() == one


def test_a_users_page_takes_as_many_queries_with_much_as_with_little(world, console):
    someone = world().first
    address = f"/admin/accounts/user/{someone.pk}/change/"

    def count() -> int:
        with CaptureQueriesContext(database) as queries:
            assert console.get(address).status_code == 200
        return len(queries)

    count()
    little = count()
    for n in range(30):
        Preference.objects.create(
            user=someone, key=f"key-{n}", source="user", value=n, updated_at=timezone.now()
        )
        Consent.objects.create(
            user=someone, document="terms", version=f"v{n}", given_at=timezone.now()
        )
    assert count() == little


def test_a_decisions_page_takes_as_many_queries_for_a_hundred_candidates_as_for_few(world, console):
    decision = Decision.objects.filter(user=world().first).latest("created_at")
    address = f"/admin/recommender/decision/{decision.pk}/change/"
    console.get(address)
    with CaptureQueriesContext(database) as few:
        console.get(address)
    score = Score.objects.get(pk=decision.pk)
    count = len(score.candidates)
    times = 100 // count
    Score.objects.filter(pk=decision.pk).update(
        candidates=score.candidates * times,
        scores=score.scores * times,
        propensities=score.propensities * times,
        features={
            name: column * times if isinstance(column, list) else column
            for name, column in score.features.items()
        },
    )
    with CaptureQueriesContext(database) as many:
        reply = console.get(address)
    assert reply.content.count(b"<tr") > 90
    assert len(many) == len(few)


def test_no_token_no_digest_and_none_of_a_users_words_are_on_any_page(world, console):
    world(2)
    for address in [*pages(), *every_row(), "/admin/search/?s=canary&extended=1"]:
        text = console.get(address).content.decode()
        for secret in SECRETS:
            assert secret not in text, (secret, address)


def test_a_tip_that_tells_of_health_is_told_as_theirs_alone_wherever_candidates_are(world, console):
    someone = world().first
    told = {c.key for c in with_ground(Candidate.objects.all()) if tells_private(c)}
    assert told == {"insight:last-night", "insight:canary-of-health", "advice:written"}
    hidden = Candidate.objects.get(key="insight:last-night")
    page = console.get(f"/admin/agents/candidate/{hidden.pk}/change/").content.decode()
    assert PRIVATE in page
    assert "last-night" not in page
    assert PRIVATE in console.get("/admin/agents/candidate/").content.decode()
    decision = Decision.objects.filter(user=someone, status="answered").get()
    score = Score.objects.get(pk=decision.pk)
    Score.objects.filter(pk=decision.pk).update(candidates=[str(hidden.pk)] * len(score.candidates))
    page = console.get(f"/admin/recommender/decision/{decision.pk}/change/").content.decode()
    assert page.count(PRIVATE) == len(score.candidates)


def test_what_a_model_wrote_is_read_where_no_private_agent_has_spoken(world):
    world()
    AgentOutput.objects.filter(agent="energy").delete()
    told = {c.key for c in with_ground(Candidate.objects.all()) if tells_private(c)}
    assert told == {"insight:last-night", "insight:canary-of-health"}


def test_an_advice_that_fits_only_who_is_short_of_energy_tells_of_it(world):
    someone = world().first
    low = next(one for one in ADVICES if one.moment.energy == "low")
    Candidate.objects.filter(user=someone, key="advice:written").update(
        key=f"advice:{low.id}", model="plain"
    )
    assert tells_private(with_ground(Candidate.objects.all()).get(key=f"advice:{low.id}"))


def test_what_came_of_writing_is_told_in_numbers(world, console):
    world()
    text = console.get("/admin/agents/writing/").content.decode()
    for shown in ("2 + 1", "number 3", "700 + 90", "written"):
        assert shown in text, shown
    page = console.get(f"/admin/agents/writing/{Writing.objects.get().pk}/change/").content.decode()
    assert "no room 1" in page


def test_a_decisions_page_tells_how_its_candidates_were_mixed(world, console):
    decision = Decision.objects.filter(user=world().first, status="answered").get()
    address = f"/admin/recommender/decision/{decision.pk}/change/"
    text = console.get(address).content.decode()
    assert "task 70 %, advice 15 %, insight 10 %, reminder 5 %" in text
    assert "what everyone starts from" in text
    Score.objects.filter(pk=decision.pk).update(mixed={})
    assert "were mixed" not in console.get(address).content.decode()


def test_mixing_is_told_in_plain_rows():
    rows = dict(
        mixing(
            {
                "rule": 1, "shares": {"task": 700, "advice": 300, "insight": 0}, "whose": "user",
                "shown": [["task", 5, "x", "t1", "", ""], ["advice", 130, "y", "", "sleep", ""]],
                "before": ["task", "task", "advice"],
                "left_out": [[0, "x", "shown"], [1, "y", "share"], [2, "z", "share"]],
            }
        )
    )  # fmt: skip
    assert rows["balance"] == "task 70 %, advice 30 % (the user’s own)"
    assert rows["shown just before"] == "task 5 min ago, advice 2 h ago"
    assert rows["and before that"] == "2 × task, 1 × advice"
    assert rows["left out"] == "1 shown just before; 2 of a kind that had its share"


@pytest.mark.parametrize(
    "query",
    [
        "accounts/apitoken/?digest__startswith=canary",
        "agents/candidate/?content__startswith=canary",
        "agents/candidate/?key=insight:last-night",
        "agents/candidate/?topic=movement",
        "agents/candidate/?claims__has_key=energy.sleep_minutes",
        "agents/agentoutput/?text__startswith=canary",
        "agents/agentoutput/?facts__icontains=canary",
        "agents/belief/?value__icontains=canary",
        "agents/writing/?tips__icontains=canary",
        "accounts/user/?password__startswith=!",
        "accounts/user/?api_tokens__digest__startswith=canary",
        "integrations/connection/?cursor__startswith=canary",
        "integrations/connection/?access_token__isnull=0",
        "integrations/command/?connection__cursor__startswith=canary",
        "recommender/policystate/?state__isnull=0",
    ],
)
def test_a_secret_can_not_be_guessed_by_filtering_a_list_for_it(world, console, query):
    world()
    reply = console.get(f"/admin/{query}")
    assert reply.status_code in (302, 400), reply.status_code
    if reply.status_code == 302:
        assert "e=1" in reply["Location"]


@pytest.mark.parametrize("words", ["canary", "p0", "user", "%", "'", "\x00", "é" * 300])
def test_searching_finds_people_and_never_breaks(world, console, words):
    world()
    for address in lists():
        assert console.get(address, {"q": words}).status_code in (200, 302, 400), address
    found = console.get("/admin/accounts/user/", {"q": "p0@"}).content.decode()
    assert "p0@example.com" in found
    assert "ops@example.com" not in found.split("changelist-form")[1].split("</form>")[0]


def test_every_filter_of_every_list_can_be_chosen(world, console):
    world()
    for model, page in admin.site._registry.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        changelist = console.get(address).context["cl"]
        for spec in changelist.filter_specs:
            for choice in spec.choices(changelist):
                query = choice.get("query_string") or choice.get("link")
                if query:
                    assert console.get(address + query).status_code == 200, (address, query)
        assert page.list_per_page <= 50


def test_a_decision_is_explained_candidate_by_candidate(world, console):
    someone = world().first
    decision = Decision.objects.filter(user=someone, status="answered").get()
    score = Score.objects.get(pk=decision.pk)
    text = console.get(f"/admin/recommender/decision/{decision.pk}/change/").content.decode()
    for name in ("is_overdue", "task_age_days", "priority"):
        assert name in text
    assert text.count("oo-chosen") == 1
    assert text.count("oo-share") == len(score.candidates)
    for shown in (score.policy, score.prior_version, str(score.seed), f"{score.latency_us} µs"):
        assert shown in text, shown
    assert f"{decision.propensity:.4f}" in text
    assert "operators do not read people" in text
    assert "their words" in text
    assert "done" in text


def test_the_explanation_puts_the_best_first_and_reads_the_moment_back(world):
    someone = world().first
    decision = Decision.objects.filter(user=someone, status="answered").get()
    score = Score.objects.get(pk=decision.pk)
    explained = explain(score)
    assert [line.score for line in explained.lines] == sorted(score.scores, reverse=True)
    chosen = next(line for line in explained.lines if line.chosen)
    assert chosen.candidate == decision.candidate
    assert chosen.propensity == pytest.approx(decision.propensity)
    local = decision.created_at.astimezone(ZoneInfo(someone.time_zone))
    assert explained.said_as.startswith(f"{local:%A}, ")
    minutes = int(explained.said_as.split(", ")[1][:2]) * 60 + int(
        explained.said_as.split(":")[1][:2]
    )
    apart = abs(minutes - (local.hour * 60 + local.minute))
    assert min(apart, 1440 - apart) <= 1


def test_a_decision_whose_candidates_were_pruned_is_still_explained(world, console):
    decision = Decision.objects.filter(user=world().first, status="answered").get()
    Candidate.objects.all().delete()
    text = console.get(f"/admin/recommender/decision/{decision.pk}/change/").content.decode()
    assert "gone since" in text


def test_the_event_list_is_the_tail_of_the_log(world, console):
    world()
    now = timezone.now()
    Record.objects.bulk_create(
        Record(subject="signals.tip.served", user_id=1, payload={}, occurred_at=now, due_at=now)
        for _ in range(600)
    )
    Record.objects.create(
        subject="signals.tip.feedback", user_id=1, payload={}, occurred_at=now, due_at=now
    )
    reply = console.get("/admin/events/record/")
    assert reply.context["cl"].result_count == 500
    one = console.get("/admin/events/record/?subject=signals.tip.feedback")
    assert one.context["cl"].result_count == 1


def test_the_overview_tells_how_oo_is_doing(world, console, operator):
    operator.time_zone = where_it_is_morning(timezone.now())  # where no day ends meanwhile
    operator.save()
    world(2)
    reply = console.get("/admin/")
    assert reply.status_code == 200
    # Two people, each served one tip that they answered and one that is open.
    assert reply.context["served"] == 4
    assert reply.context["reacted"] == 2
    assert reply.context["days"][-1]["served"] == 4
    sources = {row["source"]: row for row in reply.context["connections"]}
    assert sources["todoist"]["connected"] == 2
    assert [row.action for row in reply.context["actions"]] == ["Look", "Look"]
    assert reply.context["people"]["all"] == 3


def test_a_silence_is_counted_as_no_tip_and_asking_for_one_instead_as_no_answer(console, operator):
    operator.time_zone = where_it_is_morning(timezone.now())
    operator.save()
    now = timezone.now()

    def happen(subject: str, **payload: str) -> None:
        Record.objects.create(
            subject=f"signals.tip.{subject}",
            user_id=1,
            payload=payload,
            occurred_at=now,
            due_at=now,
        )

    for kind in ("task", "silence", "advice", "silence", "silence"):
        happen("served", kind=kind)
    for reaction in ("done", "show", "snooze", "show", "show"):
        happen("feedback", reaction=reaction)
    context = console.get("/admin/").context
    assert (context["served"], context["reacted"]) == (2, 2)
    assert context["reactions"] == [("done", 1), ("snooze", 1), ("dismiss", 0)]
    assert sum(count for _, count in context["reactions"]) == context["reacted"]
    today = context["days"][-1]
    assert (today["served"], today["reacted"]) == (2, 2)


def test_yesterday_is_counted_in_the_operators_own_zone(world, console, operator):
    operator.time_zone = "Pacific/Auckland"
    operator.save()
    zone = ZoneInfo("Pacific/Auckland")
    midnight = timezone.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for then in (midnight, midnight - timedelta(seconds=1), midnight - timedelta(days=13)):
        Record.objects.create(
            subject="signals.tip.served", user_id=1, payload={}, occurred_at=then, due_at=then
        )
    context = console.get("/admin/").context
    assert (context["served"], context["yesterday"]) == (1, 1)
    assert [day["served"] for day in context["days"]] == [1, *[0] * 11, 1, 1]
    with CaptureQueriesContext(database) as queries:
        again = console.get("/admin/").context
    assert again["days"] == context["days"]
    assert len(queries) < 14  # what is past was counted before


def test_a_day_that_was_not_over_when_it_was_counted_is_counted_again(db):
    evening = datetime(2026, 11, 18, 23, 50, tzinfo=UTC)

    def happen(then: datetime) -> None:
        Record.objects.create(
            subject="signals.tip.served", user_id=1, payload={}, occurred_at=then, due_at=then
        )

    happen(evening)
    assert flow(evening)[0][evening.date()] == 1
    happen(evening + timedelta(minutes=5))
    assert flow(evening + timedelta(minutes=20))[0][evening.date()] == 2


def test_times_are_shown_in_the_operators_own_zone(world, console, operator):
    someone = world().first
    User.objects.filter(pk=someone.pk).update(joined_at=datetime(2024, 1, 2, 23, 30, tzinfo=UTC))
    address = f"/admin/accounts/user/{someone.pk}/change/"
    assert "Wednesday 03 January 2024, 00:30:00 CET" in console.get(address).content.decode()
    operator.time_zone = "America/New_York"
    operator.save()
    assert "Tuesday 02 January 2024, 18:30:00 EST" in console.get(address).content.decode()


def test_a_list_is_titled_as_the_menu_calls_it(console):
    assert len(TITLES) == len(set(TITLES.values())) > 20
    for model, title in TITLES.items():
        reply = console.get(reverse(f"admin:{model}_changelist"))
        assert reply.context["title"] == title


def test_nothing_is_told_by_one_sign(world, console):
    world()
    text = console.get("/admin/recommender/decision/").content.decode()
    cells = re.findall(r"<td[^>]*>\s*([-–])\s*</td>", text)
    assert set(cells) == {"–"}


def test_alike_connections_of_a_user_are_counted_and_not_listed_one_by_one(world, console):
    someone = world().first
    now = timezone.now()
    for n in range(3):
        Connection.objects.create(user=someone, source="webhook", slot=str(n), created_at=now)
    text = console.get("/admin/accounts/user/").content.decode()
    assert ">3 × webhook<" in text
    assert ">webhook<" not in text
    assert ">todoist<" in text


def test_a_confidence_is_told_in_two_digits(world, console):
    someone = world().first
    Preference.objects.filter(user=someone).update(confidence=0.9999999819719763)
    text = console.get(f"/admin/accounts/user/{someone.pk}/change/").content.decode()
    assert "0.99999" not in text
    assert "1.00" in text


def test_an_empty_list_says_to_create_a_row_only_where_one_can_be(console):
    read_only = console.get("/admin/agents/candidate/").content.decode()
    assert "Rows come by themselves" in read_only
    assert "Create a new item" not in read_only
    assert (
        "Add the first one."
        in console.get("/admin/django_celery_beat/clockedschedule/").content.decode()
    )
    searched = console.get("/admin/agents/candidate/?q=nobody").content.decode()
    assert "Nothing is like that" in searched
    assert "Reset filters" in searched


def test_an_empty_installation_has_pages_too(console):
    assert AdminAction.objects.count() == 0
    for address in ("/admin/", *lists()):
        assert console.get(address).status_code == 200, address
