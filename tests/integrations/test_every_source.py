"""What every registered source promises. A new one is tested here by being in settings.SOURCES.

What it gives on a good day is in tests/integrations/samples/, under its id.
"""

import random
from collections.abc import Iterator
from datetime import UTC, timedelta
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.urls import reverse

from integrations import snapshot
from integrations.formats.facts import CalendarPull, TaskPull
from integrations.ingest import ingest_tasks
from integrations.ingest_calendar import ingest_calendar
from integrations.models import CalendarEvent, Connection, Task
from integrations.source import (
    AcceptsExport,
    AcceptsFile,
    CompletesTasks,
    Grant,
    NeedsReconnect,
    SharesCalendar,
    SignalSource,
    SourceTrouble,
    TakesPosts,
    TokenRejected,
    UsesAddress,
    UsesOAuth,
    sources,
)
from oo.lib import http
from tests.integrations.battery import (
    ACCESS,
    BAD_DAYS,
    CODE,
    REDIRECT,
    REFRESH,
    SECRETS,
    VERIFIER,
    Answers,
    spoilt,
    verbs,
)
from tests.integrations.samples import sample_of
from tests.people import NOW, person

EXPECTED = (SourceTrouble, NeedsReconnect, TokenRejected)
# Where each kind of source is connected.
DOORS: dict[type[SignalSource], str] = {
    UsesOAuth: "connect_start",
    UsesAddress: "feed_add",
    AcceptsFile: "upload",
    AcceptsExport: "hand_over",
    TakesPosts: "endpoints",
}
ON_THE_NETWORK = [source.id for source in sources if isinstance(source, UsesOAuth)]
WITH_CALENDAR = [source.id for source in sources if isinstance(source, SharesCalendar)]
WITH_TASKS = [id for id in ON_THE_NETWORK if id not in WITH_CALENDAR]
COMPLETING = [source.id for source in sources if isinstance(source, CompletesTasks)]


@pytest.fixture(autouse=True)
def _credentials(settings) -> None:
    for id in ON_THE_NETWORK:
        setattr(settings, f"{id.upper()}_CLIENT_ID", "the-client")
        setattr(settings, f"{id.upper()}_CLIENT_SECRET", "the-client-secret")


@pytest.fixture(params=sources.ids())
def source(request) -> SignalSource:
    return sources.get(request.param)


@pytest.fixture(params=ON_THE_NETWORK)
def oauth(request) -> SignalSource:
    return sources.get(request.param)


@pytest.fixture
def sample(request) -> ModuleType:
    """The sample of the source that the test is about."""
    name = "oauth" if "oauth" in request.fixturenames else "source"
    return sample_of(request.getfixturevalue(name).id)


@pytest.fixture
def network(monkeypatch) -> Iterator[Answers]:
    answers = Answers()
    with httpx.Client(transport=httpx.MockTransport(answers)) as client:
        monkeypatch.setattr(http, "_client", lambda trusted: client)
        yield answers


# ------------------------------------------------------------------------------------------------
# Each of them


def test_it_says_what_it_is(source):
    assert source.id.isidentifier()
    assert source.id == source.id.lower()
    assert len(source.id) <= 30
    assert 0 < len(source.name) <= 30
    assert source.says.endswith(".")
    assert len(source.says) <= 120
    assert isinstance(source, tuple(DOORS))


def test_it_keeps_nothing_of_anybody(source):
    assert vars(source) == {}


@pytest.mark.django_db
def test_it_is_on_the_connect_page(source, client):
    client.force_login(person("ada@example.com").user)
    page = client.get("/connect/").content.decode()
    assert source.name in page
    (door,) = [name for kind, name in DOORS.items() if isinstance(source, kind)]
    named = [source.id] if "endpoint" not in door else []
    assert reverse(door, args=named) in page


def test_the_text_of_its_sample_is_worth_looking_for(source, sample):
    assert len(sample.TITLES) >= 3
    assert any(not title.isascii() for title in sample.TITLES)


# ------------------------------------------------------------------------------------------------
# Those on the network


def test_the_browser_is_sent_with_what_must_come_back_and_no_secret(oauth, settings):
    url = oauth.authorize_url(state="the/state&=", challenge="the-challenge", redirect_uri=REDIRECT)
    query = parse_qs(urlsplit(url).query)
    assert query["state"] == ["the/state&="]
    assert query["code_challenge"] == ["the-challenge"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [REDIRECT]
    assert "the-client" in url
    assert "the-client-secret" not in url
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    csp = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]
    assert origin in csp, "browsers would not let the connect form lead there"


def test_without_credentials_it_says_so(oauth, settings):
    assert oauth.is_configured()
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        setattr(settings, f"{oauth.id.upper()}_{name}", "")
        assert not oauth.is_configured()
        setattr(settings, f"{oauth.id.upper()}_{name}", "set")


def test_a_good_answer_of_its_token_endpoint_is_a_grant(oauth, sample, network):
    for verb in ("exchange", "refresh"):
        network.will_be(sample.GRANT)
        grant = verbs(oauth)[verb]()
        assert isinstance(grant, Grant)
        assert grant.access_token
        assert grant.expires_at is None or grant.expires_at > NOW
    network.will_be({k: v for k, v in sample.GRANT.items() if k != "refresh_token"})
    assert verbs(oauth)["refresh"]().refresh_token is None


def test_the_code_is_proven_with_its_verifier(oauth, sample, network):
    network.will_be(sample.GRANT)
    verbs(oauth)["exchange"]()
    sent = network.asked[0].content.decode()
    assert CODE in sent
    assert VERIFIER in sent


def test_a_refused_grant_is_the_users_affair(oauth, network):
    network.always = lambda: httpx.Response(400, json={"error": "invalid_grant"})
    for verb in ("exchange", "refresh"):
        with pytest.raises(NeedsReconnect):
            verbs(oauth)[verb]()


def test_a_refused_access_token_is_said_to_be_one(oauth, network):
    network.always = lambda: httpx.Response(401, json={"error": "unauthorized"})
    for verb in verbs(oauth).keys() - {"exchange", "refresh", "revoke"}:
        with pytest.raises(TokenRejected):
            verbs(oauth)[verb]()


def test_a_revocation_that_is_accepted_is_done(oauth, network):
    network.always = lambda: httpx.Response(200, json=None)
    verbs(oauth)["revoke"]()
    assert REFRESH in network.asked[0].content.decode() + str(network.asked[0].url)


@pytest.mark.parametrize(
    ("status", "waits"), [(429, True), (503, True), (404, False), (403, False)]
)
def test_it_waits_as_long_as_it_is_asked_to_where_waiting_helps(oauth, network, status, waits):
    network.always = lambda: httpx.Response(status, headers={"Retry-After": "77"}, json={})
    with pytest.raises(SourceTrouble) as caught:
        verbs(oauth)["pull"]()
    assert caught.value.retry_after == (77 if waits else None)


@pytest.mark.parametrize("day", BAD_DAYS)
def test_on_a_bad_day_it_has_no_other_trouble_than_the_contract_knows(oauth, network, day, caplog):
    network.always = BAD_DAYS[day]
    said = []
    for verb in verbs(oauth).values():
        try:
            verb()
        except EXPECTED as error:
            said.append(str(error))
    assert len(network.asked) >= len(verbs(oauth)), "each goes out by the one door"
    assert not any(secret in caplog.text + repr(said) for secret in SECRETS)


@pytest.mark.parametrize(
    "error",
    [httpx.ReadTimeout("slow"), httpx.ConnectError("down"), httpx.RemoteProtocolError("cut off")],
)
def test_no_answer_is_unreachable(oauth, network, error):
    for verb in verbs(oauth).values():
        network.queue = [error] * 5
        with pytest.raises(SourceTrouble) as caught:
            verb()
        assert caught.value.code == "unreachable"


@pytest.mark.parametrize("oauth", WITH_TASKS, indirect=True)
def test_its_sample_is_read(oauth, sample, network):
    network.will_be(*sample.READ)
    pull = verbs(oauth)["pull"]()
    assert isinstance(pull, TaskPull)
    assert {task.title for task in pull.open} == sample.TITLES
    assert pull.complete
    assert pull.refused == 0
    assert len(pull.cursor) <= 1000
    ids = [task.external_id for task in pull.open]
    assert len(set(ids)) == len(ids)
    for task in pull.open:
        assert 1 <= task.priority <= 4
        assert task.due_on or not (task.due_at or task.due_local)
        assert not (task.due_at and task.due_local)
        assert task.due_at is None or task.due_at.tzinfo is UTC
        assert task.due_local is None or task.due_local.tzinfo is None
    network.will_be(*sample.READ)
    assert verbs(oauth)["pull"]() == pull


@pytest.mark.parametrize("oauth", WITH_CALENDAR, indirect=True)
def test_its_sample_calendar_is_read(oauth, sample, network):
    read = verbs(oauth, **sample.MORE)["pull"]
    network.will_be(*sample.READ)
    pull = read()
    assert isinstance(pull, CalendarPull)
    assert {event.title for event in pull.coming} == sample.TITLES
    assert pull.complete
    assert pull.refused == []
    assert 0 < len(pull.cursor) <= 1000
    ids = [event.external_id for event in pull.coming]
    assert len(set(ids)) == len(ids)
    for event in pull.coming:
        assert 0 < len(event.external_id) <= 64
        assert event.starts_at.utcoffset() == event.ends_at.utcoffset() == timedelta(0)
        assert event.starts_at <= event.ends_at
    network.will_be(*sample.READ)
    assert read() == pull


@pytest.mark.django_db
@pytest.mark.parametrize("oauth", WITH_CALENDAR, indirect=True)
def test_its_sample_calendar_becomes_rows_without_text_and_a_snapshot(oauth, sample, network):
    ada = person("ada@example.com")
    Connection.objects.update(source=oauth.id)
    network.will_be(*sample.READ)
    ingest_calendar(ada.connection, verbs(oauth, **sample.MORE)["pull"](), now=NOW)
    assert CalendarEvent.objects.count() == len(sample.TITLES)
    assert set((snapshot.read(ada.connection.pk) or {}).values()) == sample.TITLES
    rows = repr(list(CalendarEvent.objects.values()) + list(Connection.objects.values()))
    assert not any(title in rows for title in sample.TITLES)


@pytest.mark.django_db
@pytest.mark.parametrize("oauth", WITH_TASKS, indirect=True)
def test_its_sample_becomes_rows_without_text_and_a_snapshot(oauth, sample, network):
    ada = person("ada@example.com")
    Connection.objects.update(source=oauth.id)
    network.will_be(*sample.READ)
    pull = verbs(oauth)["pull"]()
    ingest_tasks(ada.connection, pull, told_before=set(), now=NOW)
    assert Task.objects.filter(closed_at=None).count() == len(sample.TITLES)
    assert set((snapshot.read(ada.connection.pk) or {}).values()) == sample.TITLES
    rows = repr(list(Task.objects.values()))
    assert not any(title in rows for title in sample.TITLES)


def test_a_spoilt_sample_is_read_or_refused(oauth, sample, network):
    chance = random.Random(7)
    more = getattr(sample, "MORE", {})
    for _ in range(150):
        network.will_be(*[spoilt(body, chance) for body in sample.READ])
        try:
            pull = verbs(oauth, **more)["pull"]()
        except (*EXPECTED, IndexError):  # it asked for more than the sample has
            continue
        if isinstance(pull, CalendarPull):
            for event in pull.coming:
                assert f"{event.title}{event.external_id}".encode()
                assert "\0" not in event.external_id + event.title + pull.cursor
                assert event.starts_at <= event.ends_at
            continue
        for task in pull.open:
            assert f"{task.title}{task.external_id}{task.project_id}".encode()
            assert "\0" not in task.external_id + task.project_id + pull.cursor


@pytest.mark.parametrize("oauth", COMPLETING, indirect=True)
def test_completing_tells_what_became_of_it(oauth, sample, network):
    network.will_be(sample.DONE)
    assert verbs(oauth)["complete"]() == {"u1": "ok"}
    sent = network.asked[0].content.decode() + str(network.asked[0].url)
    assert "u1" in sent, "the uuid makes it happen once"
    network.asked.clear()
    assert oauth.complete(ACCESS, {}, now=NOW) == {}
    assert not network.asked
