"""manage.py simulate: runs are kept with their scores, also one that was interrupted."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from agents.models import LlmCall
from recommender import signs_of_life
from recommender import simulate as verb
from recommender.jobs import evaluate_policies
from recommender.judging import NoJudge, asking
from recommender.management.commands import simulate as command
from recommender.models import SimEvent, SimRun
from recommender.registry import policies
from recommender.signs_of_life import give_up
from recommender.simulate import JudgeTrouble, Plan, simulate

pytestmark = pytest.mark.django_db

SMALL = ("--people", "5", "--decisions", "12", "--seeds", "2")


def said(capsys, *words):
    call_command("simulate", *words)
    return capsys.readouterr().out


def test_a_run_is_printed_drawn_and_kept(tmp_path, capsys):
    picture = tmp_path / "curves.svg"
    told = said(
        capsys, "--policies", "urgency", "random", "ceiling", "linucb-alone",
        *SMALL, "--figure", str(picture),
    )  # fmt: skip
    run = SimRun.objects.get()
    assert (run.status, run.world, run.seeds, run.made) == ("finished", "mixed", [0, 1], 4 * 120)
    assert run.finished_at >= run.started_at
    assert set(run.scores) == set(run.curves) == {"urgency", "random", "ceiling", "linucb-alone"}
    one = run.scores["ceiling"]["1-12"]
    assert f"{one['mean']:.3f} ± {one['error']:.3f}" in told
    assert len(one["each"]) == 2
    assert "urgency − random" in told
    assert picture.read_text().startswith("<svg")
    assert picture.read_text().count("<polyline") == 4


def test_every_decision_of_the_first_people_is_kept(capsys):
    said(capsys, "--policies", "urgency", "random", *SMALL, "--keep", "2")
    events = SimEvent.objects.all()
    assert events.count() == 2 * 2 * 2 * 12
    assert set(events.values_list("person", flat=True)) == {0, 1}
    for event in events[:20]:
        assert event.worth <= event.best
        assert -1 <= event.reward <= 1
        assert event.chosen < event.count == 20
    said(capsys, "--policies", "urgency", *SMALL, "--keep", "-1")
    assert SimRun.objects.latest("pk").events.count() == 2 * 5 * 12


def test_the_same_plan_gives_the_same_scores(capsys):
    for _ in range(2):
        said(capsys, "--policies", "linucb", "urgency", "--world", "life", *SMALL)
    first, second = SimRun.objects.order_by("pk")
    assert first.scores == second.scores
    assert first.scores["linucb"]["1-12"]["mean"] is not None


def test_one_seed_has_no_error_and_says_none(capsys):
    told = said(
        capsys, "--policies", "urgency", "--people", "3", "--decisions", "5", "--seeds", "1"
    )
    assert SimRun.objects.get().scores["urgency"]["1-5"]["error"] is None
    assert "nan" not in told


def test_a_run_that_is_interrupted_keeps_what_is_through_and_says_so(monkeypatch, capsys):
    made = []

    def interrupt(count):
        made.append(count)
        if sum(made) == 5 * 12 + 7:  # in the second seed
            raise KeyboardInterrupt

    plan = Plan(("urgency",), people=5, decisions=12, seeds=(0, 1, 2))
    result = simulate(plan, clock=lambda: datetime(2026, 11, 21, tzinfo=UTC), progress=interrupt)
    run = SimRun.objects.get()
    assert run == result.run
    assert (run.status, run.made) == ("interrupted", 67)
    assert len(run.scores["urgency"]["1-12"]["each"]) == 1
    assert run.events.filter(seed=0).count() == 60
    assert run.events.filter(seed=1).count() >= 1
    assert not run.events.filter(seed=2).exists()

    monkeypatch.setattr(verb, "run", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(SystemExit) as left:
        call_command("simulate", "--policies", "urgency", *SMALL)
    assert left.value.code == 130
    assert "before its first seed" in capsys.readouterr().out
    assert SimRun.objects.latest("pk").status == "interrupted"


def test_a_run_that_fails_is_marked_and_tells(monkeypatch):
    def fail(*args, **options):
        raise RuntimeError("no more luck")

    monkeypatch.setattr(verb, "run", fail)
    with pytest.raises(RuntimeError):
        call_command("simulate", "--policies", "urgency", *SMALL)
    run = SimRun.objects.get()
    assert (run.status, run.error) == ("failed", "RuntimeError: no more luck")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--policies", "nobody"), "no policy 'nobody'"),
        (("--policies", "urgency", "urgency"), "none twice"),
        (("--policies", "ceiling", "--world", "life"), "no true prior"),
        (("--people", "0"), "people must be at least 1"),
        (("--seeds", "0"), "seed"),
        (("--judge", "rule"), "world `life`"),
        (("--candidates", "1"), "candidates must be at least 2"),
        (("--population", "-1"), "population must not be negative"),
        (("--figure", "/nope/x.svg"), "No file can be written at /nope/x.svg"),
        (("--figure", "/tmp"), "No file can be written at /tmp"),
        (("--into-database", "--really", "--seed", "-1"), "A seed is 0 or more"),
        (("--into-database", "--really", "--days", "9999999"), "3650 days"),
    ],
)
def test_what_can_not_be_simulated_is_refused_before_anything_is_kept(words, says):
    with pytest.raises(CommandError, match=says):
        call_command("simulate", *words)
    assert not SimRun.objects.exists()


# --- judges -----------------------------------------------------------------------------------

LIFE = (
    "--policies", "urgency", "--world", "life", "--people", "1", "--decisions", "4", "--seeds", "1",
)  # fmt: skip


def completion(text):
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "judge",
            "choices": [choice]}  # fmt: skip


def test_the_rule_judge_gives_the_rewards(capsys):
    said(capsys, *LIFE, "--judge", "rule")
    rewards = set(SimEvent.objects.exclude(kind="silence").values_list("reward", flat=True))
    assert rewards <= {-1.0, -0.3, 0.1, 0.3, 0.6, 1.0}
    assert SimRun.objects.get().options["judge"] == "rule"


def test_a_model_that_is_not_configured_is_said_plainly(settings):
    settings.LITELLM_URL = settings.OLLAMA_URL = ""
    with pytest.raises(CommandError, match=r"Set OLLAMA_URL .* or LITELLM_URL .*--judge rule"):
        call_command("simulate", *LIFE, "--judge", "llm")
    assert not SimRun.objects.exists()


@pytest.fixture
def model(httpserver, settings):
    """A stand-in for the operator's own proxy on localhost, and what it was asked."""
    settings.LITELLM_URL = httpserver.url_for("").rstrip("/")
    settings.LITELLM_KEY, settings.LITELLM_LOCAL = "sk-lab", True
    return httpserver


def test_a_model_judges_and_each_question_is_in_the_log_of_calls(model, capsys):
    model.expect_request(
        "/v1/chat/completions", method="POST", headers={"Authorization": "Bearer sk-lab"}
    ).respond_with_json(completion('{"reward": 0.35, "because": "Why not."}'))
    said(capsys, *LIFE, "--judge", "llm")
    assert set(SimEvent.objects.values_list("reward", flat=True)) == {0.35}
    asked = [json.loads(request.data) for request, _ in model.log]
    assert len(asked) == 4
    assert {one["model"] for one in asked} == {"judge"}
    assert "exactly one suggestion" in asked[0]["messages"][0]["content"]
    calls = LlmCall.objects.filter(alias="judge", user=None, prompt_version="judge-1")
    assert calls.count() == 4


@pytest.mark.parametrize("words", ["I'd rather not judge people.", '{"reward": 7}'])
def test_a_model_that_refuses_or_babbles_ends_the_run_with_its_words(model, words):
    model.expect_request("/v1/chat/completions").respond_with_json(completion(words))
    with pytest.raises(CommandError, match="gave no verdict"):
        call_command("simulate", *LIFE, "--judge", "llm")
    assert len(model.log) == 2, "it is asked once more"
    assert SimRun.objects.get().status == "failed"


def test_a_model_that_is_out_of_order_ends_the_run(model):
    model.expect_request("/v1/chat/completions").respond_with_data("oops", status=500)
    with pytest.raises(CommandError, match="gave no verdict: failed"):
        call_command("simulate", *LIFE, "--judge", "llm")
    assert SimRun.objects.get().status == "failed"


def test_a_model_that_is_not_there_ends_the_run(settings):
    settings.OLLAMA_URL = "http://127.0.0.1:9"
    with pytest.raises(JudgeTrouble, match="failed"):
        asking(clock)("hello")


def test_a_judge_in_a_cloud_is_asked_only_where_the_operator_lets_it_be(model, settings):
    settings.LITELLM_LOCAL = False
    with pytest.raises(NoJudge, match="LLM_REMOTE_ALLOWED"):
        asking(clock)
    settings.LLM_REMOTE_ALLOWED = True
    model.expect_request("/v1/chat/completions").respond_with_json(completion("hi"))
    assert asking(clock)("hello") == "hi"


def clock():
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_the_clock_is_the_callers():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    moments = iter([at, at + timedelta(minutes=3)])
    plan = Plan(("urgency",), people=1, decisions=2, seeds=(0,))
    run = simulate(plan, clock=lambda: next(moments), progress=lambda count: None).run
    assert (run.started_at, run.finished_at) == (at, at + timedelta(minutes=3))


def test_a_figure_that_can_not_be_written_after_all_costs_the_picture_and_not_the_run(
    tmp_path, monkeypatch, capsys
):
    picture = tmp_path / "gone" / "curves.svg"
    picture.parent.mkdir()
    words = ("simulate", "--policies", "urgency", *SMALL, "--figure", str(picture))
    monkeypatch.setattr(command, "draw", lambda result: picture.parent.rmdir() or "<svg/>")
    with pytest.raises(CommandError, match="The run is kept"):
        call_command(*words)
    assert SimRun.objects.get().status == "finished"


def test_the_versions_of_what_took_part_stand_with_the_run(capsys):
    said(capsys, "--policies", "urgency", "linucb", "ceiling", *SMALL)
    run = SimRun.objects.get()
    assert run.versions == {id_: policies.get(id_).version for id_ in ("urgency", "linucb")}
    assert run.options == verb.DEFAULTS


# --- runs that nobody ended ----------------------------------------------------------------------

AT = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_run_tells_now_and_then_that_somebody_is_at_it(monkeypatch):
    monkeypatch.setattr(signs_of_life, "BEAT", 0.0)
    moments = (AT + timedelta(seconds=n) for n in range(1_000))
    heard = []

    def look(count):
        row = SimRun.objects.get()
        heard.append((row.made, row.heard_at))

    plan = Plan(("urgency",), people=1, decisions=3, seeds=(0,), keep=0)
    simulate(plan, clock=lambda: next(moments), progress=look)
    assert heard == [(n, AT + timedelta(seconds=n)) for n in (1, 2, 3)]


def test_a_run_whose_process_was_killed_is_not_running_for_ever(capsys):
    given = {
        "world": "mixed", "policies": ["urgency"], "seeds": [0], "people": 1, "decisions": 1,
        "started_at": AT,
    }  # fmt: skip
    lost = SimRun.objects.create(**given, heard_at=AT + timedelta(minutes=5))
    at_once = SimRun.objects.create(**given)
    busy = SimRun.objects.create(**given, heard_at=AT + timedelta(minutes=50))
    done = SimRun.objects.create(**given, status="finished")
    assert give_up(now=AT + timedelta(hours=1)) == 2
    for run in (lost, at_once, busy, done):
        run.refresh_from_db()
    assert (lost.status, lost.finished_at) == ("interrupted", lost.heard_at)
    assert lost.error == "It ended without a word."
    assert (at_once.status, at_once.finished_at) == ("interrupted", AT)
    assert (busy.status, done.status) == ("running", "finished")
    said(capsys, "--policies", "urgency", *SMALL)
    busy.refresh_from_db()
    assert busy.status == "interrupted", "whoever starts another run tidies up"


def test_so_does_the_timetable():
    run = SimRun.objects.create(
        world="mixed", policies=["urgency"], seeds=[0], people=1, decisions=1, started_at=AT
    )
    evaluate_policies()
    run.refresh_from_db()
    assert run.status == "interrupted"
