"""A session: new at sign-in, really over at sign-out, and over everywhere for who is deleted."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import preferences
from accounts.erase import ask
from accounts.models import User
from tests.flows.visitor import Visitor
from tests.people import NOW


def person(email: str = "ada@example.com", **fields) -> User:
    return User.objects.create_user(email, **fields)


def test_signing_in_gives_a_new_session_id_whatever_the_browser_came_with(sandbox, db):
    visitor = Visitor()
    visitor.client.post("/welcome/", {"next": "/"})
    before = visitor.client.cookies["sessionid"].value
    visitor.client.cookies["csrftoken"] = csrf = "c" * 32
    visitor.sign_in("priya")
    after = visitor.client.cookies["sessionid"].value
    assert after != before
    assert visitor.client.cookies["csrftoken"].value != csrf
    assert not Session.objects.filter(session_key=before).exists()


def test_a_session_id_planted_by_someone_else_gets_them_nothing(sandbox, db):
    victim, thief = Visitor(), Visitor()
    thief.client.get("/welcome/")
    thief.client.post("/welcome/", {"next": "/"})
    planted = thief.client.cookies["sessionid"].value
    victim.client.cookies["sessionid"] = planted
    victim.sign_in("priya")
    assert victim.client.get("/settings/").status_code == 200
    assert thief.client.get("/settings/").status_code == 302
    invented = Client()
    invented.cookies["sessionid"] = "invented" * 4
    assert invented.get("/settings/").status_code == 302


def test_signing_out_ends_the_session_and_clears_what_the_browser_kept(client, db):
    client.force_login(person())
    copy = client.cookies["sessionid"].value
    reply = client.post("/sign-out/")
    assert reply["Location"] == "/welcome/"
    assert {'"cache"', '"storage"'} <= set(reply["Clear-Site-Data"].split(", "))
    assert not Session.objects.exists()
    thief = Client()
    thief.cookies["sessionid"] = copy
    assert thief.get("/settings/").status_code == 302


def test_a_link_can_t_sign_anyone_out(client, db):
    client.force_login(person())
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/settings/").status_code == 200


def test_deleting_the_account_ends_the_sessions_of_every_device_at_once(db):
    user = person()
    phone, laptop = Client(), Client()
    for device in (phone, laptop):
        device.force_login(user)
        assert device.get("/api/profile").status_code == 200
    gone = phone.post("/account/delete/")
    assert gone["Location"].startswith("/erased/")
    assert {'"cache"', '"storage"'} <= set(gone["Clear-Site-Data"].split(", "))
    # Before any worker has done anything.
    for device in (phone, laptop):
        assert device.get("/api/profile").status_code == 401
        assert device.get("/settings/")["Location"].startswith("/welcome/")


def test_someone_who_is_signed_in_is_not_asked_to_sign_in(client, db):
    client.force_login(person())
    assert client.get("/welcome/?next=/settings/")["Location"] == "/"


@pytest.mark.parametrize("page", ["/", "/settings/", "/connect/", "/account/delete/"])
def test_pages_send_strangers_to_sign_in_and_then_back(client, db, page):
    assert client.get(page)["Location"] == f"/welcome/?next={page}"


def test_times_on_a_page_are_in_the_users_own_zone_and_in_utc_for_everyone_else(db):
    from django.http import HttpResponse
    from django.test import RequestFactory

    from accounts.middleware import TimeZoneMiddleware

    seen = []
    middleware = TimeZoneMiddleware(
        lambda request: seen.append(str(timezone.get_current_timezone())) or HttpResponse()
    )
    for name in ("Asia/Kathmandu", "No/Such", "UTC"):
        request = RequestFactory().get("/")
        request.user = User(email="x@example.com", time_zone=name)
        middleware(request)
    assert seen == ["Asia/Kathmandu", "UTC", "UTC"]
    assert str(timezone.get_current_timezone()) == "UTC"


def test_the_browser_may_say_that_its_user_has_travelled(client, db):
    user = person(time_zone="Europe/Berlin")
    client.force_login(user)
    assert client.post("/time-zone/", {"time_zone": "Pacific/Chatham"}).status_code == 200
    user.refresh_from_db()
    assert user.time_zone == "Pacific/Chatham"
    for nonsense in ("", "Berlin", "UTC\0", "../UTC", "🕰", "x" * 9000):
        reply = client.post("/time-zone/", {"time_zone": nonsense})
        assert reply.status_code == 400
        assert "not a time zone" in reply.json()["detail"]
    user.refresh_from_db()
    assert user.time_zone == "Pacific/Chatham"


def test_what_was_said_of_times_of_day_is_said_anew_where_its_user_is_now(client, db, monkeypatch):
    followed = []
    monkeypatch.setattr(preferences, "_follows", [lambda user_id, now: followed.append(user_id)])
    user = person(time_zone="Europe/Berlin")
    client.force_login(user)
    for zone, times in (("Europe/London", 1), ("Europe/London", 1), ("Asia/Tokyo", 2)):
        client.post("/time-zone/", {"time_zone": zone})
        assert followed == [user.pk] * times


def test_a_request_that_was_under_way_does_not_write_to_someone_who_left(db, rf):
    from accounts import views
    from accounts.sign_in import note_sign_in

    user = person(time_zone="UTC")
    stale = User.objects.get(pk=user.pk)
    ask(user, now=NOW)
    request = rf.post("/time-zone/", {"time_zone": "Asia/Tokyo"})
    request.user = stale
    views.time_zone(request)
    note_sign_in(stale, time_zone="Asia/Tokyo", now=NOW)
    assert User.objects.get(pk=user.pk).time_zone == "UTC"
