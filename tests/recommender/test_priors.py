"""The shared prior: from those who said yes, blurred, once a night; kept for ever; changing no state."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.management import call_command

from accounts.models import Preference, User
from accounts.preference_keys import HELP_SHARED_PRIOR
from accounts.preferences import BadPreference, infer, of, say, who_said
from recommender import live
from recommender.bandit import population, privacy
from recommender.bandit.policies.hierarchical import SILENCE, Hierarchical
from recommender.bandit.prior import Prior
from recommender.bandit.priors import shipped
from recommender.bandit.ridge import RidgePolicy
from recommender.models import PolicyPrior, PolicyRun, PolicyState, ShadowScore
from recommender.priors import CantUse, batches, estimate, estimate_all, spent, unpin, use
from recommender.registry import policies
from recommender.replay import CannotReplay, prior_named
from recommender.shadow import start, stop, sweep
from tests.people import NOW
from tests.recommender.history import people

pytestmark = pytest.mark.django_db

PATH = "recommender.bandit.policies.hierarchical.Hierarchical"


@pytest.fixture(autouse=True)
def installed(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()
    paths = [f"{type(p).__module__}.{type(p).__name__}" for p in policies]
    with policies.replaced_by(*dict.fromkeys([*paths, PATH])):
        yield


def chance(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def taught(
    users: list[User], cls: type[RidgePolicy] = Hierarchical, *, seed: int = 3, rewards: int = 30
) -> None:
    """States of people who all like what the rule does not know of: weekends."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in users:
        policy = cls.fresh()
        for _ in range(rewards):
            x = np.round(rng.uniform(-1, 1, cls.feature_set.width) * 256) / 256
            policy.learn(x, float(np.clip(0.8 * x[3] + 0.2 * rng.standard_normal(), -1, 1)))
        rows.append(
            PolicyState(
                user=user, policy=cls.id, version=cls.version,
                state=policy.state(), count=rewards, through=rewards, updated_at=NOW,
            )
        )  # fmt: skip
    PolicyState.objects.bulk_create(rows)


def agree(users: list[User], helps: bool = True) -> None:
    for user in users:
        say(user, HELP_SHARED_PRIOR, helps, now=NOW)


@pytest.fixture
def crowd(monkeypatch) -> list[User]:
    """Few people, so that it is quick; what they need to be heard over the noise has its own test."""
    monkeypatch.setattr(privacy, "MOST_NOISE", 1e6)
    monkeypatch.setattr(privacy, "NIGHTS", 1)
    users = people(25)
    taught(users)
    agree(users)
    return users


def test_nobody_takes_part_who_did_not_say_so_themselves():
    ada, bob, eve, gone = people(4)
    assert of(ada)[HELP_SHARED_PRIOR] is False
    with pytest.raises(BadPreference, match="for the user alone"):
        infer(ada, HELP_SHARED_PRIOR, True, confidence=1.0, now=NOW)
    # Even if it stood there, it would not be the user's word.
    Preference.objects.create(
        user=bob, key=HELP_SHARED_PRIOR, source="inferred", value=True, updated_at=NOW
    )
    agree([eve, gone])
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert list(who_said(HELP_SHARED_PRIOR, True)) == [eve.pk]
    agree([eve], helps=False)
    assert not who_said(HELP_SHARED_PRIOR, True)
    with pytest.raises(BadPreference):
        say(eve, HELP_SHARED_PRIOR, "yes", now=NOW)


def test_the_settings_page_asks_and_takes_the_answer_back(client):
    ada = User.objects.create_user("ada@example.com")
    client.force_login(ada, "allauth.account.auth_backends.AuthenticationBackend")
    assert "Take part</button>" in client.get("/settings/").content.decode()
    reply = client.post("/account/help/", {"helps": "yes", "next": "/settings/"})
    assert reply["Location"] == "/settings/"
    assert list(who_said(HELP_SHARED_PRIOR, True)) == [ada.pk]
    assert "Stop taking part</button>" in client.get("/settings/").content.decode()
    reply = client.post("/account/help/", {"helps": "no", "next": "https://evil.example"})
    assert reply["Location"] == "/"
    assert not who_said(HELP_SHARED_PRIOR, True)
    assert client.get("/account/help/").status_code == 405


def test_too_few_people_leave_the_prior_as_it_is():
    users = people(30)
    taught(users)
    agree(users[:19])
    run = estimate(Hierarchical, now=NOW, rng=chance())
    assert run.verdict == "too little"
    assert run.says == "19 people take part, 20 are needed."
    assert not PolicyPrior.objects.exists()


def test_so_few_that_noise_would_drown_them_leave_the_prior_as_it_is(settings):
    users = people(30)
    taught(users)
    agree(users)
    run = estimate(Hierarchical, now=NOW, rng=chance())
    assert run.verdict == "too little"
    assert run.says.startswith("30 people take part; at ε = 4 81 are needed")
    assert not PolicyPrior.objects.exists()
    settings.PRIOR_EPSILON, settings.PRIOR_EPSILON_TOTAL = 1000.0, 1000.0
    assert estimate(Hierarchical, now=NOW, rng=chance()).verdict == "passed"


def test_an_estimate_is_what_newcomers_start_from_and_touches_no_state(crowd, settings):
    settings.PRIOR_EPSILON, settings.PRIOR_EPSILON_TOTAL = 50.0, 1000.0
    before = list(PolicyState.objects.values_list("pk", "state", "updated_at"))
    run = estimate(Hierarchical, now=NOW, rng=chance())
    assert run.verdict == "passed", run.says
    row = PolicyPrior.objects.get(current=True)
    assert (row.people, row.epsilon, row.source, row.made_by) == (25, 50.0, "estimated", run)
    live.refresh()
    prior = live.prior_in_use(Hierarchical)
    assert prior is not None
    assert prior.version == row.version
    assert len(row.version) <= 40
    assert prior.mean[3] > Hierarchical.first_prior().mean[3] + 0.1, "what all like"
    assert list(PolicyState.objects.values_list("pk", "state", "updated_at")) == before
    assert run.numbers["states"] == 25
    assert run.numbers["epsilon_spent"] == pytest.approx(50.0, rel=1e-6)


def test_the_same_states_give_what_the_pure_room_gives(crowd, settings):
    settings.PRIOR_EPSILON = 8.0
    estimate(Hierarchical, now=NOW, rng=chance(9))
    states = list(PolicyState.objects.order_by("user_id").values_list("state", flat=True))
    own = Hierarchical.first_prior()
    expected = population.estimate(
        lambda: iter([list(map(bytes, states))]), own, own, label="hierarchical/1", sure=SILENCE,
        epsilon=8.0, rng=chance(9),
    )  # fmt: skip
    found = PolicyPrior.objects.get()
    assert bytes(found.payload) == expected.to_bytes()


def test_a_second_estimate_in_one_night_would_spend_twice_and_is_refused(crowd):
    assert estimate(Hierarchical, now=NOW, rng=chance()).verdict == "passed"
    later = NOW + timedelta(hours=3)
    assert estimate(Hierarchical, now=later, rng=chance(6)).verdict == "refused"
    assert PolicyPrior.objects.count() == 1
    assert estimate(Hierarchical, now=later, rng=chance(6), again=True).verdict == "passed"
    assert estimate(Hierarchical, now=NOW + timedelta(2), rng=chance(7)).verdict == "passed"
    assert PolicyPrior.objects.filter(current=True).count() == 1
    total = spent()
    assert total["estimates"] == 3
    assert 4.0 < total["epsilon_spent"] < 12.0, "budgets of noise add up slower than ε"


def test_an_estimate_waits_until_there_is_something_new(crowd, monkeypatch):
    monkeypatch.setattr(privacy, "NIGHTS", 30)
    assert estimate(Hierarchical, now=NOW, rng=chance()).verdict == "passed"
    run = estimate(Hierarchical, now=NOW + timedelta(1), rng=chance(2))
    assert run.verdict == "too little"
    assert "25 people take part, 25 did at the last estimate" in run.says
    more = people(7, first=100)
    taught(more)
    agree(more)
    assert estimate(Hierarchical, now=NOW + timedelta(2), rng=chance(3)).verdict == "passed"
    assert estimate(Hierarchical, now=NOW + timedelta(31), rng=chance(4)).verdict == "too little"
    assert estimate(Hierarchical, now=NOW + timedelta(33), rng=chance(5)).verdict == "passed"


def test_a_clock_that_once_ran_ahead_does_not_end_the_estimates(crowd):
    assert estimate(Hierarchical, now=NOW + timedelta(3650), rng=chance()).verdict == "passed"
    assert estimate(Hierarchical, now=NOW, rng=chance(2)).verdict == "passed"


def test_what_two_policies_learn_of_the_same_people_is_spent_together(crowd):
    from recommender.bandit.policies.squarecb import SquareCB

    assert estimate(Hierarchical, now=NOW, rng=chance()).verdict == "passed"
    taught(crowd, SquareCB)
    run = estimate(SquareCB, now=NOW, rng=chance(2))
    # Not twice 4, nor 4: √2 as much noise would hide the same.
    assert run.numbers["epsilon_spent"] == pytest.approx(5.81, abs=0.01)


def test_estimates_end_where_all_that_may_be_spent_is_spent(crowd, settings):
    settings.PRIOR_EPSILON_TOTAL = 5.0
    assert estimate(Hierarchical, now=NOW, rng=chance()).verdict == "passed"
    run = estimate(Hierarchical, now=NOW + timedelta(1), rng=chance(2))
    assert run.verdict == "refused"
    assert "PRIOR_EPSILON_TOTAL is 5" in run.says
    assert PolicyPrior.objects.count() == 1


def test_what_another_worker_spent_meanwhile_counts(crowd, settings, monkeypatch):
    settings.PRIOR_EPSILON_TOTAL = 5.0
    real, others = Hierarchical.estimate, []

    def slow(read, start, **kwargs):
        if not others:
            others.append(True)
            others.append(estimate(Hierarchical, now=NOW, rng=chance(2), again=True).verdict)
        return real(read, start, **kwargs)

    monkeypatch.setattr(Hierarchical, "estimate", slow)
    assert estimate(Hierarchical, now=NOW, rng=chance(), again=True).verdict == "refused"
    assert others == [True, "passed"]
    assert PolicyPrior.objects.count() == 1
    assert spent()["epsilon_spent"] <= 5.0


def test_nobodys_privacy_is_spent_on_a_policy_that_nobody_uses(crowd):
    start("hierarchical", now=NOW)
    runs = estimate_all(now=NOW, rng=chance())
    assert [run.policy for run in runs] == ["hierarchical"]


def test_who_stops_taking_part_is_not_in_the_next(crowd):
    agree(crowd[:3], helps=False)
    taken = [state for batch in batches(Hierarchical, size=4) for state in batch]
    assert len(taken) == 22
    rows = PolicyState.objects.filter(user__in=crowd[3:]).order_by("user_id")
    assert taken == [bytes(row.state) for row in rows]


def test_states_of_another_version_or_without_rewards_are_left_out(crowd):
    PolicyState.objects.filter(user=crowd[0]).update(version="0")
    PolicyState.objects.filter(user=crowd[1]).update(count=0)
    assert sum(map(len, batches(Hierarchical))) == 23


def test_a_rotten_state_fails_the_night_and_nothing_else(crowd):
    PolicyState.objects.filter(user=crowd[0]).update(state=b"rot")
    run = estimate(Hierarchical, now=NOW, rng=chance())
    assert (run.verdict, PolicyPrior.objects.count()) == ("failed", 0)


def test_an_operators_choice_stays_until_it_is_let_go(crowd):
    estimate(Hierarchical, now=NOW, rng=chance())
    first = PolicyPrior.objects.get()
    estimate(Hierarchical, now=NOW + timedelta(1), rng=chance(2))
    use("hierarchical", first.version, now=NOW)
    run = estimate(Hierarchical, now=NOW + timedelta(2), rng=chance(3))
    assert run.verdict == "passed"
    assert PolicyPrior.objects.get(current=True) == first
    assert PolicyPrior.objects.filter(source="estimated").count() == 3
    assert unpin("hierarchical", now=NOW)
    assert not unpin("hierarchical", now=NOW)
    estimate(Hierarchical, now=NOW + timedelta(3), rng=chance(4))
    assert PolicyPrior.objects.get(current=True) != first


def test_what_can_not_be_used_is_not(crowd):
    estimate(Hierarchical, now=NOW, rng=chance())
    row = PolicyPrior.objects.get()
    with pytest.raises(CantUse, match="there is no prior"):
        use("hierarchical", "unheard-of", now=NOW)
    PolicyPrior.objects.update(policy_version="0")
    with pytest.raises(CantUse, match="of version 0"):
        use("hierarchical", row.version, now=NOW)
    PolicyPrior.objects.update(policy_version="1", payload=b"rot")
    with pytest.raises(CantUse, match="can't be read"):
        use("hierarchical", row.version, now=NOW)


def test_every_prior_that_a_decision_names_can_be_had_again(crowd):
    for night in range(3):
        estimate(Hierarchical, now=NOW + timedelta(night), rng=chance(night))
    for row in PolicyPrior.objects.all():
        found = prior_named(Hierarchical, row.version)
        assert found is not None
        assert found.to_bytes() == bytes(row.payload)
    with pytest.raises(CannotReplay):
        prior_named(Hierarchical, "unheard-of")


def test_a_shadow_decides_from_the_prior_in_use(crowd):
    from tests.recommender.history import lived

    lived(crowd[:2], 3)
    estimate(Hierarchical, now=NOW, rng=chance())
    start("hierarchical", now=NOW - timedelta(days=30))
    sweep(now=NOW)
    versions = set(ShadowScore.objects.values_list("prior_version", flat=True))
    assert versions == {PolicyPrior.objects.get().version}


def test_estimates_of_all_policies_are_runs_that_say_what_came(crowd):
    start("hierarchical", now=NOW)
    runs = estimate_all(now=NOW, rng=chance())
    by_policy = {run.policy: run.verdict for run in runs}
    assert by_policy["hierarchical"] == "passed"
    assert set(by_policy) == {"hierarchical"}, "the others choose for nobody"
    assert PolicyRun.objects.filter(kind="estimate").count() == len(runs)


def test_a_prior_that_was_not_made_for_the_policy_is_never_read(caplog):
    width = Hierarchical.model_width()
    good = Prior("p", np.zeros(width), np.eye(width))
    assert live.read(Hierarchical, "p", good.to_bytes()) is not None
    assert live.read(Hierarchical, "p", Prior("p", np.zeros(3), np.eye(3)).to_bytes()) is None


def test_a_prior_of_simulated_people_is_shipped_and_used_where_an_operator_says_so(settings):
    settings.ACTIVE_POLICY = "hierarchical"
    live._known = live.Known()
    (one,) = shipped("hierarchical")
    assert one.policy_version == Hierarchical.version
    assert one.facts["learned from"] == "simulated people only"
    assert live.standard_prior(Hierarchical) is None, "newcomers start from the rule"
    call_command("priors", "use", "hierarchical", one.version, "--until-estimated")
    live.refresh()
    prior = live.prior_in_use(Hierarchical)
    assert prior is not None
    assert prior.to_bytes() == one.payload
    assert not PolicyPrior.objects.get(current=True).pinned, "an estimate takes its place"


def test_a_shadow_that_was_stopped_spends_nobodys_privacy(crowd):
    start("hierarchical", now=NOW - timedelta(days=3))
    stop("hierarchical")
    assert estimate_all(now=NOW, rng=chance()) == []
    assert spent()["epsilon_spent"] == 0
    start("hierarchical", now=NOW)
    (run,) = estimate_all(now=NOW, rng=chance())
    assert (run.policy, run.verdict) == ("hierarchical", "passed")
