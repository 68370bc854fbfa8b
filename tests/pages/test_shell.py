"""What lies under the pages: sizes of type, the service worker's version, the API's page, the 500."""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from oo import pages, reference
from recommender.typeset import typeset


def test_a_longer_sentence_is_never_set_larger():
    order = ["xs", "s", "m", "l", "xl"]
    sizes = [order.index(typeset("word " * count)) for count in range(1, 120)]
    assert sizes == sorted(sizes)
    assert {order[size] for size in sizes} == set(order)


def test_wide_characters_take_the_room_of_two_and_marks_none():
    assert typeset("水" * 26) == typeset("no " * 17) == "s"
    assert typeset("e\u0301" * 10) == typeset("e" * 10)


def test_a_long_word_is_set_smaller_but_not_smallest():
    assert typeset("Buy milk") == "xs"
    assert typeset("Steuererklärungen") == "m"
    assert typeset("Donaudampfschifffahrtsgesellschaft") == "l"


def test_the_service_workers_version_changes_with_what_it_keeps(client, monkeypatch):
    before = client.get("/sw.js")
    assert before["Content-Type"] == "text/javascript"
    assert client.get("/sw.js").content == before.content
    monkeypatch.setattr(pages, "SHELL", pages.SHELL[:-1])
    assert client.get("/sw.js").content != before.content


def test_the_page_of_the_api_tells_every_call_of_a_valid_document(client):
    document = SchemaGenerator().get_schema(request=None, public=True)
    assert document["openapi"].startswith("3.1")
    validate(document)
    calls, everywhere = reference.read(document)
    shown = client.get("/api/docs").content.decode()
    assert {(call.method, call.path) for call in calls} == {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    for call in calls:
        assert f'id="{call.anchor}"' in shown
        for field in [*call.body, *call.parameters]:
            assert field.name in shown
    assert {"401", "429"} <= {error.status for error in everywhere}


@pytest.mark.parametrize("path", ["/", "/api/nothing"])
def test_an_error_on_our_side_is_said_without_the_database(path, monkeypatch, settings):
    def broken(*args, **kwargs):
        raise RuntimeError

    settings.DEBUG = False
    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_request", broken
    )
    reply = Client(raise_request_exception=False).get(path)
    assert reply.status_code == 500
    words = "It was logged" if path == "/" else "Something broke on our side"
    assert words in reply.content.decode()


def test_the_500_page_needs_no_context():
    assert "Something broke" in render_to_string("500.html")
