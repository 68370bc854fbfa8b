"""Sealed at rest: what no key opens raises, and keys can be changed while everything goes on."""

import base64
import os

import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection

from integrations.models import Connection, Revocation
from oo.lib.encrypted import CannotDecrypt, fingerprint, seal, unseal
from tests.people import person


def key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def raw(name: str = "access_token") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM connections")
        return cursor.fetchone()[0]


def token() -> str:
    return Connection.objects.values_list("access_token", flat=True).get()


def test_what_is_sealed_opens_and_looks_like_nothing():
    sealed = seal("naïve 🎻".encode())
    assert unseal(sealed).decode() == "naïve 🎻"
    assert seal(b"same") != seal(b"same")


def test_every_key_opens_and_the_first_one_seals(settings):
    old, new = key(), key()
    settings.ENCRYPTION_KEYS = [old]
    before = seal(b"secret")
    settings.ENCRYPTION_KEYS = [new, old]
    after = seal(b"secret")
    assert unseal(before) == b"secret"
    settings.ENCRYPTION_KEYS = [new]
    assert unseal(after) == b"secret"
    with pytest.raises(CannotDecrypt):
        unseal(before)


@pytest.mark.parametrize(
    "spoil", [lambda s: s[:-1], lambda s: b"A" + s[1:], lambda s: b"", lambda s: b"x"]
)
def test_what_was_altered_does_not_open(spoil):
    with pytest.raises(CannotDecrypt):
        unseal(spoil(seal(b"secret")))


def test_a_fingerprint_tells_texts_apart_and_needs_the_key(settings):
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")
    before = fingerprint("a")
    settings.ENCRYPTION_KEYS = [key()]
    assert fingerprint("a") != before


@pytest.mark.django_db
def test_a_row_holds_no_secret_in_the_clear_and_gives_it_back():
    person("ada@example.com")
    assert token() == "access-ada@example.com"
    assert "ada" not in raw()
    Connection.objects.update(access_token="another")
    assert token() == "another"
    assert "another" not in raw()
    Connection.objects.update(access_token="")
    assert token() == ""
    assert raw() != ""  # not even that there is none can be seen


@pytest.mark.django_db
def test_a_row_that_no_key_opens_raises_and_gives_neither_ciphertext_nor_nothing(settings):
    ada = person("ada@example.com")
    settings.ENCRYPTION_KEYS = [key()]
    with pytest.raises(CannotDecrypt):
        token()
    row = Connection.objects.get(pk=ada.connection.pk)  # which does not open them
    with pytest.raises(CannotDecrypt):
        _ = row.access_token


@pytest.mark.django_db
def test_a_value_written_in_the_clear_by_hand_is_refused():
    person("ada@example.com")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connections SET access_token = 'in the clear'")
    with pytest.raises(CannotDecrypt):
        token()


@pytest.mark.django_db
@pytest.mark.parametrize("lookup", ["", "__exact", "__icontains", "__in", "__startswith", "__gt"])
def test_looking_up_by_what_is_sealed_is_an_error_and_not_a_silent_miss(lookup):
    with pytest.raises(FieldError):
        list(Connection.objects.filter(**{f"access_token{lookup}": "x"}))
    assert list(Connection.objects.filter(access_token__isnull=True)) == []


@pytest.mark.django_db
def test_rotating_seals_everything_with_the_newest_key(settings, capsys):
    ada = person("ada@example.com")
    Revocation.objects.create(
        user=ada.user, source="todoist", token="to revoke", due_at=ada.connection.created_at
    )
    old, new = settings.ENCRYPTION_KEYS[0], key()
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("rotate_keys")
    assert "2 rows" in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = [new]
    assert token() == "access-ada@example.com"
    assert Revocation.objects.get().token == "to revoke"


@pytest.mark.django_db
def test_rotating_leaves_what_no_key_opens_and_says_how_much(settings, capsys):
    person("lost@example.com")
    settings.ENCRYPTION_KEYS = [key()]
    person("ada@example.com")
    call_command("rotate_keys")
    said = capsys.readouterr().out
    assert "1 row" in said
    assert "no key" in said
