"""What someone allows: their own yes and no, dated, told of, and ended with all that it allowed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import consents
from accounts.consents import OFFERS, change, give, standing, stands, withdraw
from accounts.faults import Faults
from accounts.models import Consent, User
from accounts.sign_in import note_sign_in
from integrations.models import Connection, HealthDay, Upload
from oo.events.catalogue import ProfileChanged
from oo.events.models import Record
from tests.people import NOW

HEALTH, REMOTE = Consent.Document.HEALTH, Consent.Document.REMOTE_MODEL
LATER = NOW + timedelta(days=1)


@pytest.fixture
def ada(db) -> User:
    user = User.objects.create_user("ada@example.com")
    note_sign_in(user, time_zone="UTC", now=NOW)
    return user


def told() -> list[str]:
    rows = Record.objects.filter(subject=ProfileChanged.subject).order_by("pk")
    return [row.payload["key"] for row in rows if row.payload["what"] == "consent"]


def test_every_document_says_what_it_allows():
    assert set(OFFERS) == set(Consent.Document)
    for name, offer in OFFERS.items():
        assert offer.says.endswith("."), name
        assert offer.instead or offer.changes == "give and take back", name


def test_nobody_agrees_to_a_model_in_the_cloud_until_they_say_so(ada):
    assert not stands(ada.pk, REMOTE)
    change(ada, {"remote_model": True}, now=NOW)
    assert stands(ada.pk, REMOTE)
    change(ada, {"remote_model": False}, now=LATER)
    assert not stands(ada.pk, REMOTE)
    row = Consent.objects.get(document=REMOTE)
    assert (row.given_at, row.withdrawn_at) == (NOW, LATER)


def test_a_yes_that_stands_keeps_its_date_and_is_told_of_once(ada):
    for now in (NOW, LATER):
        change(ada, {"remote_model": True}, now=now)
    assert Consent.objects.get(document=REMOTE).given_at == NOW
    assert told() == ["remote_model"]
    for now in (NOW, LATER):
        change(ada, {"remote_model": False}, now=now)
    assert told() == ["remote_model"] * 2


def test_giving_and_withdrawing_are_told_of_wherever_they_happen(ada):
    give(ada, HEALTH, now=NOW)
    withdraw(ada.pk, HEALTH, now=NOW)
    withdraw(ada.pk, HEALTH, now=NOW)
    assert told() == ["health"] * 2


def test_what_many_people_agree_to_is_one_query(ada, django_assert_num_queries):
    bob = User.objects.create_user("bob@example.com")
    give(ada, REMOTE, now=NOW)
    give(bob, HEALTH, now=NOW)
    withdraw(bob.pk, HEALTH, now=NOW)
    with django_assert_num_queries(1):
        found = standing([ada.pk, bob.pk])
    assert found == {ada.pk: {"terms", "privacy", "remote_model"}, bob.pk: frozenset()}


@pytest.mark.parametrize("yes", [1, 0, "true", None, [], {}, 1.0])
def test_an_answer_is_yes_or_no_and_nothing_like_it(ada, yes):
    with pytest.raises(Faults, match="remote_model should be true or false"):
        change(ada, {"remote_model": yes}, now=NOW)
    assert not stands(ada.pk, REMOTE)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"terms": False}, "ends with your account"),
        ({"privacy": False}, "ends with your account"),
        ({"health": True}, "given beside the health export"),
        ({"marketing": True}, "no consent 'marketing'"),
    ],
)
def test_what_is_not_to_be_said_here_is_refused_with_what_to_do_and_changes_nothing(
    ada, answers, says
):
    with pytest.raises(Faults, match=says):
        change(ada, {"remote_model": True, **answers}, now=NOW)
    assert standing([ada.pk])[ada.pk] == {"terms", "privacy"}


def test_what_is_so_already_may_be_said_again(ada):
    change(ada, {"terms": True, "privacy": True, "health": False}, now=LATER)
    assert told() == []


@pytest.fixture
def measured(ada) -> Connection:
    give(ada, HEALTH, now=NOW)
    health = Connection.objects.create(user=ada, source="apple_health", created_at=NOW)
    HealthDay.objects.create(
        user=ada, connection=health, day=NOW.date(), measure="sleep", value=421
    )
    return health


@pytest.mark.django_db(transaction=True)
def test_taking_back_the_consent_to_health_ends_all_that_came_of_it_at_once(measured):
    ada = measured.user
    bob = User.objects.create_user("bob@example.com")
    his = Connection.objects.create(user=bob, source="apple_health", created_at=NOW)
    Connection.objects.create(user=ada, source="ical", created_at=NOW)
    Upload.objects.create(user=ada, source="apple_health", size=7, created_at=NOW)
    change(ada, {"health": False}, now=timezone.now())
    assert not stands(ada.pk, HEALTH)
    assert not HealthDay.objects.exists()
    assert not Upload.objects.exists()
    assert {c.source for c in Connection.objects.filter(user=ada)} == {"ical"}
    assert Connection.objects.filter(pk=his.pk).exists()
    assert told() == ["health"] * 2


@pytest.mark.django_db(transaction=True)
def test_a_first_file_that_waits_is_not_read_once_the_consent_is_taken_back(ada):
    give(ada, HEALTH, now=NOW)
    Upload.objects.create(user=ada, source="apple_health", size=7, created_at=NOW)
    change(ada, {"health": False}, now=LATER)
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_consent_stands_while_what_it_allowed_cannot_be_ended(measured, monkeypatch):
    """Or data would be left that nobody agrees to any more, and no way to end it."""

    def fails(*args: object) -> None:
        raise OSError

    monkeypatch.setattr(consents, "_ends", [fails])
    with pytest.raises(OSError):  # noqa: PT011 which one does not matter
        change(measured.user, {"health": False, "remote_model": True}, now=LATER)
    assert standing([measured.user.pk])[measured.user.pk] == {"terms", "privacy", "health"}


@pytest.mark.django_db(transaction=True)
def test_disagreeing_with_a_cloud_leaves_the_health_data_alone(measured):
    change(measured.user, {"remote_model": True}, now=NOW)
    change(measured.user, {"remote_model": False}, now=NOW)
    assert HealthDay.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_on_the_settings_page_one_agrees_to_a_model_in_the_cloud_and_keeps_it_out_again(
    ada, client, settings
):
    client.force_login(ada)
    assert "A model in the cloud" not in client.get("/settings/").content.decode()
    settings.LLM_REMOTE_ALLOWED = True
    for agrees in ("yes", "no"):
        page = client.get("/settings/").content.decode()
        assert f'name="agrees" value="{agrees}"' in page
        reply = client.post("/account/cloud/", {"agrees": agrees, "next": "/settings/"})
        assert reply["Location"] == "/settings/"
        assert stands(ada.pk, REMOTE) == (agrees == "yes")
    give(ada, REMOTE, now=NOW)
    settings.LLM_REMOTE_ALLOWED = False
    page = client.get("/settings/").content.decode()
    assert "Keep it out" in page, "a yes can be taken back also where nobody asks for it any more"
    assert (
        client.post("/account/cloud/", {"agrees": "no", "next": "//evil.example/"})["Location"]
        == "/"
    )


def test_the_privacy_notice_says_how_long_a_models_call_is_known(client, db, settings):
    page = client.get("/privacy/").content.decode()
    assert f"{settings.LLM_LOG_DAYS} days, without what was said" in page
    assert "What was said is kept as well" not in page
    settings.LLM_LOG_TEXT_HOURS = 12.0
    assert "at most 12 hours, to look into problems" in client.get("/privacy/").content.decode()
