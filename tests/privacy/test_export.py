"""Someone's own copy: complete, in JSON, and without a secret."""

import base64
import json

import pytest
from django.apps import apps

from accounts import privacy
from recommender.models import Decision, Feedback, PolicyState, Reward, Score, ShadowScore
from recommender.registry import policies
from tests.privacy.dump import rows_that_name
from tests.privacy.lives import life

pytestmark = pytest.mark.django_db(transaction=True)

# Held about a person, and not theirs to take along: what it is told by, or why it is nothing.
TOLD_OTHERWISE = {
    "account.EmailAddress": "the same address as account.email",
    "account.EmailConfirmation": "unused: Google confirms addresses",
    "socialaccount.SocialToken": "never written; a secret",
    "sessions.Session": "a secret; told by signed_in_on",
    "events.Delivery": "which of our handlers had an event: nothing of theirs",
    "integrations.Command": "told by the task's closed_as",
    "recommender.Score": "told inside the decision",
    "recommender.Feedback": "told inside the decision",
    "recommender.Reward": "told under decisions.rewards",
}


@pytest.fixture
def ada():
    return life("adalovelace")


def leaves(value) -> list[str]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [] if value in (None, "", [], {}) else [str(value)]


def test_an_export_is_json_and_has_a_part_for_every_holder(ada):
    exported = privacy.export(ada.user)
    assert json.loads(json.dumps(exported)) == exported
    assert set(exported) == {holder.id for holder in privacy.holders()}


def test_every_table_that_names_a_person_is_in_their_export(ada, monkeypatch):
    """Taking a table's rows away takes something out of the export, or a reason is given."""
    whole = leaves(privacy.export(ada.user))
    named = {name.rpartition(".")[0] for name in rows_that_name(ada.user.pk)}
    for label in sorted(named - set(TOLD_OTHERWISE) - {"accounts.User"}):
        queryset = apps.get_model(label)._base_manager.get_queryset().none()
        with monkeypatch.context() as without:
            manager = type(apps.get_model(label)._default_manager)
            without.setattr(
                manager, "get_queryset",
                lambda self, label=label, empty=queryset, truly=manager.get_queryset: (
                    empty if self.model._meta.label == label else truly(self)
                ),
            )  # fmt: skip
            assert len(leaves(privacy.export(ada.user))) < len(whole), label


def test_every_column_of_the_ledgers_is_in_an_export(ada):
    told = privacy.export(ada.user)["decisions"]
    answered = [one for one in told["decisions"] if one["answer"]]
    assert len(told["decisions"]) == 3
    for model, rows in (
        (Decision, told["decisions"]),
        (Score, [one["made_from"] for one in told["decisions"]]),
        (Feedback, [one["answer"] for one in answered]),
        (Reward, told["rewards"]),
        (PolicyState, told["learned"]),
        (ShadowScore, told["unseen"]),
    ):
        columns = {field.name for field in model._meta.concrete_fields} - {"user"}
        assert rows, model
        for row in rows:
            assert columns <= set(row), model
    kept = Score.objects.filter(user=ada.user).order_by("position").values("features", "latency_us")
    rows = sorted((one["made_from"] for one in told["decisions"]), key=lambda row: row["position"])
    assert [{name: row[name] for name in ("features", "latency_us")} for row in rows] == list(kept)


def test_the_numbers_that_were_learned_are_in_an_export(ada):
    (told,) = [one for one in privacy.export(ada.user)["decisions"]["learned"] if one["count"] == 2]
    state = PolicyState.objects.get(user=ada.user, policy=told["policy"])
    assert base64.b64decode(told["state"]) == bytes(state.state)
    sums = type(policies.get(state.policy)).load(bytes(state.state)).sums
    assert told["sums"]["gram"] == sums.gram.tolist()
    assert told["sums"]["moment"] == sums.moment.tolist()


def test_what_has_lost_its_score_or_its_policy_is_exported_all_the_same(ada):
    Score.objects.filter(user=ada.user, position=2).delete()
    states = PolicyState.objects.filter(user=ada.user, count=2)
    states.update(policy="gone")
    told = privacy.export(ada.user)["decisions"]
    assert sorted(bool(one["made_from"]) for one in told["decisions"]) == [False, True, True]
    assert "gone" in {one["policy"] for one in told["learned"]}
    states.update(policy="hierarchical", state=b"rotten")
    told = privacy.export(ada.user)["decisions"]
    assert {one["policy"]: one["sums"] for one in told["learned"]}["hierarchical"] == {}


def test_an_export_has_the_titles_the_reactions_and_what_was_inferred(ada):
    exported = privacy.export(ada.user)
    text = json.dumps(exported)
    assert all(title in text for title in ada.person.tasks)
    reactions = {d["answer"].get("reaction") for d in exported["decisions"]["decisions"]}
    assert reactions == {"snooze", "dismiss", None}
    said = {(p["key"], p["source"]) for p in exported["account"]["preferences"]}
    assert said == {("quiet_start", "user"), ("quiet_start", "inferred")}
    assert {c["document"] for c in exported["account"]["consents"]} == {"terms", "privacy"}
    assert exported["account"]["signed_in_on"][0]["address"] == "203.0.113.7"
    assert exported["operator actions"]["done_to_you"]


def test_an_export_has_no_secret(ada):
    text = json.dumps(privacy.export(ada.user))
    session = ada.browser.cookies["sessionid"].value
    email = "adalovelace@canary.example"
    for secret in (
        *(f"access-{email}", f"refresh-{email}", "old-token-adalovelace"),
        *(session, "digest-adalovelace", "google-token-adalovelace", "confirm-adalovelace"),
        ada.user.password,
    ):
        assert secret not in text


def test_an_export_tells_of_nobody_else(ada):
    bob = life("bobmarlowe")
    text = json.dumps(privacy.export(ada.user))
    assert [canary for canary in bob.canaries if canary in text and canary != "203.0.113.7"] == []
