"""On the page of their situations people name one, change it and take it away."""

import pytest

from accounts import contexts
from accounts.models import User
from tests.people import NOW

PAGE = "/situations/"
WORK = {"name": "Work", "day": ["mon", "tue"], "begins": "09:00", "ends": "17:00"}


@pytest.fixture
def ada(db, client) -> User:
    user = User.objects.create_user("ada@example.com", time_zone="Europe/Berlin")
    client.force_login(user)
    return user


def send(client, do: str, **fields) -> str:
    """What the page says afterwards."""
    reply = client.post(PAGE, {**WORK, "do": do, **fields}, follow=True)
    assert reply.redirect_chain in ([(PAGE, 302)], [])  # what was refused is shown again at once
    return reply.content.decode()


def named(user: User) -> dict[str, tuple]:
    return {
        row.name: (row.weekdays, f"{row.begins:%H:%M}", f"{row.ends:%H:%M}")
        for row in contexts.of(user)
    }


def test_one_is_named_changed_and_taken_away(ada, client):
    assert "Name one" in client.get(PAGE).content.decode()
    page = send(client, "make", begins="09:00:00")
    assert "Mon, Tue" in page
    assert "09:00 to 17:00" in page
    assert named(ada) == {"work": (["mon", "tue"], "09:00", "17:00")}
    page = send(client, "change", name="work", day=["sat"], begins="22:00", ends="06:00")
    assert "22:00 to 06:00, into the next day" in page
    assert named(ada) == {"work": (["sat"], "22:00", "06:00")}
    send(client, "remove", name="work")
    assert named(ada) == {}


def test_naming_one_again_does_not_change_the_one_there_is(ada, client):
    send(client, "make")
    assert "of this name already" in send(client, "make", name=" work", day=["sun"])
    assert named(ada)["work"][0] == ["mon", "tue"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": ""}, "needs a name"),
        ({"day": []}, "Choose a day"),
        ({"day": ["someday"]}, "weekdays should be"),
        ({"begins": ""}, "times such as"),
        ({"ends": "25:00"}, "times such as"),
    ],
)
def test_what_makes_no_sense_is_said_so_and_nothing_is_made(ada, client, fields, says):
    assert says in send(client, "make", **fields)
    assert named(ada) == {}


def test_after_a_fault_what_was_typed_is_still_in_its_form(ada, client):
    page = send(client, "make", name="Studio", day=["sat"], begins="10:15", ends="25:00")
    assert 'value="Studio"' in page
    assert 'value="sat" checked' in page
    assert 'value="mon" checked' not in page
    assert 'value="10:15"' in page
    send(client, "make")
    page = send(client, "change", name="work", day=["sun"], begins="11:30", ends="")
    assert '<details class="ask" open>' in page
    assert 'value="sun" checked' in page
    assert 'value="11:30"' in page
    assert named(ada)["work"] == (["mon", "tue"], "09:00", "17:00")


def test_a_situation_is_called_so_and_headed_as_a_name(ada, client):
    assert "<bdi>Work</bdi>" in send(client, "make")
    page = send(client, "make")
    assert "There is a situation of this name already." in page
    assert "context" not in page


def test_the_page_leads_back_to_the_settings(ada, client):
    assert 'href="/settings/">Back to settings' in client.get(PAGE).content.decode()


def test_a_name_is_shown_as_text_only(ada, client):
    page = send(client, "make", name="<b>at & home</b>")
    assert "&lt;b&gt;at &amp; home&lt;/b&gt;" in page
    assert "<b>at" not in page


def test_where_there_is_no_room_no_more_is_offered(ada, client):
    parts = {"weekdays": ["mon"], "begins": "09:00", "ends": "10:00"}
    contexts.change(ada, {f"c{number}": parts for number in range(contexts.MOST)}, now=NOW)
    assert "Another one" not in client.get(PAGE).content.decode()
    assert "can be 20" in send(client, "make")


def test_another_persons_are_neither_seen_nor_changed(ada, client):
    bob = User.objects.create_user("bob@example.com")
    parts = {"weekdays": ["mon"], "begins": "09:00", "ends": "10:00"}
    contexts.change(bob, {"studio": parts}, now=NOW)
    assert "studio" not in client.get(PAGE).content.decode()
    send(client, "remove", name="studio")
    assert set(named(bob)) == {"studio"}


def test_an_unknown_wish_is_not_there_and_the_settings_page_leads_here(ada, client):
    assert client.post(PAGE, {**WORK, "do": "drop"}).status_code == 404
    assert f'href="{PAGE}"' in client.get("/settings/").content.decode()
