"""The copy of everything, for the person themselves and nobody else."""

import pytest
from django.test import Client

from tests.people import Item, person

pytestmark = pytest.mark.django_db


def test_a_person_downloads_all_that_is_held_about_them_and_nothing_of_others():
    ada = person("ada@example.com", Item("Call the dentist"))
    person("eve@example.com", Item("Buy milk"))
    client = Client()
    client.force_login(ada.user)
    reply = client.post("/account/export/")
    assert reply.status_code == 200
    assert "attachment" in reply["Content-Disposition"]
    assert "no-store" in reply["Cache-Control"]
    held = reply.json()
    assert held["account"]["email"] == "ada@example.com"
    assert [task["title"] for task in held["signals"]["tasks"]] == ["Call the dentist"]
    assert "milk" not in reply.text
    assert ada.connection.access_token not in reply.text


def test_the_copy_is_not_given_to_strangers_or_by_a_link(client):
    assert client.post("/account/export/")["Location"].startswith("/welcome/")
    ada = person("ada@example.com")
    client.force_login(ada.user)
    assert client.get("/account/export/").status_code == 405
