"""What operators do about policies: asked for first, done once, in the log with its outcome."""

import pytest
from django.test import override_settings
from django.utils import timezone
from django.utils.html import escape

from adminconsole.figures import figures, intervals
from adminconsole.models import AdminAction
from recommender import experiments, live
from recommender.bandit.feature_list import FEATURES
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.prior import Prior
from recommender.bandit.rule import rule_prior
from recommender.models import (
    PolicyDeployment,
    PolicyExperiment,
    PolicyPrior,
    PolicyRun,
    PolicyShadow,
    SimRun,
)
from recommender.shadow import start
from tests.console.test_operations import press, said

pytestmark = pytest.mark.django_db
WHY = "The live one can't cope with large pools."


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()


@pytest.fixture
def linucb() -> PolicyShadow:
    start("linucb", now=timezone.now())
    return PolicyShadow.objects.get()


def outcome(action: str) -> str:
    return AdminAction.objects.filter(action=action).latest("pk").outcome


def test_the_button_to_promote_refuses_with_the_gates_reasons(console, linucb):
    reply = press(console, "recommender.policyshadow", linucb.pk, "promote_policy")
    assert "Refused: Simulation: not run." in said(reply)
    assert outcome("Promote").startswith("Refused: Simulation: not run.")
    assert PolicyRun.objects.get().verdict == "refused", "what the gate said is kept"
    assert not PolicyDeployment.objects.exists()


def test_past_the_gate_takes_a_reason_that_stands_in_the_log(console, linucb):
    address = f"/admin/recommender/policyshadow/{linucb.pk}/force-policy/"
    assert 'name="why"' in console.get(address).content.decode()
    reply = console.post(address, {"confirmed": "yes", "why": "  "})
    assert "it takes a reason" in said(reply)
    assert not PolicyDeployment.objects.exists()
    console.post(address, {"confirmed": "yes", "why": WHY})
    made = PolicyDeployment.objects.get(ended_at=None)
    assert (made.policy, made.how, made.reason) == ("linucb", "forced", WHY)
    assert outcome("Promote past the gate") == f"linucb is live, past the gate: {WHY}"
    reply = console.post(address, {"confirmed": "yes", "why": WHY})
    assert "live already" in said(reply)
    assert PolicyDeployment.objects.count() == 2


def test_one_click_rolls_back_and_a_second_does_nothing_more(console, linucb):
    console.post(
        f"/admin/recommender/policyshadow/{linucb.pk}/force-policy/",
        {"confirmed": "yes", "why": WHY},
    )
    forced = PolicyDeployment.objects.get(ended_at=None)
    press(console, "recommender.policydeployment", forced.pk, "roll_back")
    assert outcome("Roll back") == "egreedy-v1 is live again."
    assert live.present(1, now=timezone.now()).policy is EpsilonGreedy
    reply = press(console, "recommender.policydeployment", forced.pk, "roll_back")
    assert "it is not the live one" in said(reply)
    assert PolicyDeployment.objects.count() == 3


def test_shadows_are_sent_out_stopped_and_started(console):
    page = console.get("/admin/recommender/policyshadow/add/").content.decode()
    assert '<option value="linucb">' in page
    console.post("/admin/recommender/policyshadow/add/", {"policy": "linucb"})
    row = PolicyShadow.objects.get()
    assert row.running
    assert row.source == "operator"
    assert AdminAction.objects.filter(action="Add shadow").count() == 1
    for operation, running in (
        ("stop_shadow", False),
        ("stop_shadow", False),
        ("start_shadow", True),
    ):
        press(console, "recommender.policyshadow", row.pk, operation)
        row.refresh_from_db()
        assert row.running is running
    assert list(
        AdminAction.objects.filter(action="Stop").order_by("pk").values_list("outcome", flat=True)
    ) == ["Stopped.", "Was stopped already."]
    reply = console.post("/admin/recommender/policyshadow/add/", {"policy": "nobody"})
    assert reply.status_code == 200, "asked again"


def test_evaluating_by_hand_leaves_a_run(console, linucb):
    press(console, "recommender.policyshadow", linucb.pk, "evaluate_policy")
    assert PolicyRun.objects.get().kind == "evaluate"
    assert outcome("Evaluate now").startswith("Too Little: too little data")


def test_an_experiment_is_planned_started_looked_at_and_stopped(console):
    add = "/admin/recommender/policyexperiment/add/"
    asked = {"name": "try", "mode": "fixed", "arms_": "old random 0.5\nnew linucb 0.7"}
    reply = console.post(add, asked)
    assert "no split" in reply.content.decode()
    reply = console.post(add, asked | {"arms_": "old random half"})
    assert "is not a name, a policy and a share" in reply.content.decode()
    assert not PolicyExperiment.objects.exists()
    reply = console.post(add, asked | {"arms_": f"old random 0.5\n{'n' * 41} linucb 0.5"})
    assert "is no name" in reply.content.decode()
    assert not PolicyExperiment.objects.exists()
    assert not AdminAction.objects.exists()
    good = asked | {"arms_": "old random 0.5\nnew linucb 0.5"}
    reply = console.post(add, good)
    assert reply.status_code == 302
    row = PolicyExperiment.objects.get()
    line = AdminAction.objects.get()
    assert (line.action, line.outcome) == ("Add experiment", "Added.")
    assert line.subject == "try"
    reply = console.post(add, good)
    assert "already exists" in reply.content.decode()
    assert PolicyExperiment.objects.count() == AdminAction.objects.count() == 1
    assert row.arms[1] == {"name": "new", "policy": "linucb", "share": 0.5}
    for operation, action, says in (
        ("look_at_experiment", "Look now", "Refused: it has not begun."),
        ("start_experiment", "Start", "Started."),
        ("start_experiment", "Start", "Was running already."),
        ("look_at_experiment", "Look now", "new is not told apart from old."),
        ("stop_experiment", "Stop", "Stopped."),
        ("start_experiment", "Start", "Refused: it has ended. Plan another one"),
    ):
        press(console, "recommender.policyexperiment", row.pk, operation)
        assert outcome(action).startswith(says)
    page = console.get(f"/admin/recommender/policyexperiment/{row.pk}/change/").content.decode()
    assert "Where it stands" not in page, "there is nothing to draw yet"


def test_a_name_that_somebody_took_meanwhile_is_said_and_nothing_is_made(console, monkeypatch):
    add, real = "/admin/recommender/policyexperiment/add/", experiments.plan
    asked = {"name": "try", "mode": "fixed", "arms_": "old random 0.5\nnew linucb 0.5"}

    def later(*told, **more):
        real(*told, **more)
        return real(*told, **more)

    monkeypatch.setattr(experiments, "plan", later)
    reply = console.post(add, asked)
    assert reply.status_code == 302
    assert "Not planned: there was an experiment try already." in said(reply)
    assert not AdminAction.objects.exists()


def test_a_prior_is_put_into_use_and_let_go(console):
    own = rule_prior(EpsilonGreedy.feature_set)
    made = Prior("p1", own.mean, own.precision)
    row = PolicyPrior.objects.create(
        policy="egreedy-v1", version="p1", policy_version=EpsilonGreedy.version,
        payload=made.to_bytes(), source="estimated", created_at=timezone.now(),
    )  # fmt: skip
    press(console, "recommender.policyprior", row.pk, "use_prior")
    assert live.present(1, now=timezone.now()).prior.version == "p1"
    press(console, "recommender.policyprior", row.pk, "use_prior")
    assert outcome("Use") == "Was in use already."
    press(console, "recommender.policyprior", row.pk, "let_prior_go")
    press(console, "recommender.policyprior", row.pk, "let_prior_go")
    assert outcome("Let go") == "Was not held."
    PolicyPrior.objects.update(payload=b"rot", current=False)
    press(console, "recommender.policyprior", row.pk, "use_prior")
    assert outcome("Use") == "Refused: p1 can't be read."


def test_the_page_of_policies_and_every_card(console, linucb):
    page = console.get("/admin/policies/").content.decode()
    for says in ("egreedy-v1", "live", "in the shadow", "stands in"):
        assert says in page
    card = console.get("/admin/policies/linucb/").content.decode()
    assert "What it is not for" in card
    reply = console.get("/admin/policies/linucb/?as=markdown")
    assert reply["Content-Type"] == "text/markdown"
    assert reply.content.decode().startswith("# linucb, version ")
    assert console.get("/admin/policies/nobody/").status_code == 404


def test_the_page_of_features_tells_what_each_is(console):
    page = console.get("/admin/features/").content.decode()
    for one in FEATURES.values():
        assert one.name in page
        assert escape(one.meaning) in page


def test_a_card_shows_simulations_of_the_version_that_is_installed(console):
    now, told = timezone.now(), {"mean": None, "error": None, "each": [None]}
    for world, version in (("mixed", LinUCB.version), ("alike", "0")):
        SimRun.objects.create(
            world=world, policies=["linucb"], versions={"linucb": version}, seeds=[0], people=1,
            decisions=20, status="finished", scores={"linucb": {"1-20": told}}, started_at=now,
        )  # fmt: skip
    card = console.get("/admin/policies/linucb/").content.decode()
    assert ">mixed<" in card
    assert ">alike<" not in card


@override_settings(ACTIVE_POLICY="urgency")
def test_a_policy_that_is_live_but_not_installed_is_said_on_the_health_page():
    from recommender.health import orders

    now = timezone.now()
    assert orders(now).says == "urgency is live, as ACTIVE_POLICY says."
    PolicyDeployment.objects.create(policy="gone", policy_version="1", how="forced", began_at=now)
    with live.changing(now):
        pass
    found = orders(now)
    assert found.state == "fail"
    assert "gone is to be live, but is not installed: urgency serves instead." in found.says


def test_intervals_share_one_scale_with_zero_on_it():
    told = {
        "dr": {"value": 0.2, "low": 0.1, "high": 0.3, "n": 900, "people": 40},
        "weight": {"value": 1.0, "low": 0.9, "high": 1.1, "n": 900, "people": 40},
        "lost": {"value": 0.2, "low": None, "high": None},
        "comparisons": [{"arm": "b", "against": "a", "value": -0.1, "low": -0.2, "high": 0.0}],
        "agreement": 0.5,
    }
    dr, difference = intervals(told)
    assert (difference.name, difference.compared, dr.compared) == ("b − a", True, False)
    assert dr.zero == difference.zero
    assert dr.left > dr.zero > difference.at > difference.left >= 0
    assert dr.left + dr.width <= 100
    assert dict(figures(told)) == {
        "agreement": "0.5", "weight.value": "1", "weight.low": "0.9", "weight.high": "1.1",
        "weight.n": "900", "weight.people": "40",
    }  # fmt: skip
    assert intervals({}) == []


def test_a_card_shows_code_as_code_and_breaks_a_long_name_only_at_its_dots(console):
    text = console.get("/admin/policies/hierarchical/").content.decode()
    assert "<code>width</code>" in text
    assert "<code>manage.py simulate</code>" in text
    assert "`" not in text.split('class="oo"')[1].split("</main>")[0]
    assert "hierarchical.<wbr>Hierarchical" in text
