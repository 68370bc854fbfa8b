"""Plug-ins are checked at the door, and the message says which and why."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from oo.lib.registry import Registry


class Base:
    id = ""


class One(Base):
    id = "one"


class Two(Base):
    id = "two"


class Twin(Base):
    id = "one"


class Nameless(Base):
    pass


class Stranger:
    id = "stranger"


HERE = "tests.lib.test_registry"


def registry(settings, *names: str) -> Registry[Base]:
    settings.THINGS = [name if "." in name else f"{HERE}.{name}" for name in names]
    return Registry("THINGS", Base)


def test_it_holds_what_the_setting_names_in_its_order(settings):
    things = registry(settings, "Two", "One")
    assert things.ids() == ["two", "one"]
    assert [type(thing) for thing in things] == [Two, One]
    assert isinstance(things.get("one"), One)
    assert things.get("one") is things.get("one")
    assert len(things) == 2
    assert "one" in things
    assert "three" not in things
    with pytest.raises(KeyError):
        things.get("three")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["Missing"], "can't be imported"),
        (["no.such.module"], "can't be imported"),
        (["Stranger"], "not a Base"),
        (["HERE"], "not a Base"),
        (["Nameless"], "missing or taken"),
        (["One", "Twin"], "missing or taken"),
    ],
)
def test_what_does_not_belong_is_named_with_the_reason(settings, names, reason):
    with pytest.raises(ImproperlyConfigured, match=reason) as caught:
        list(registry(settings, *names))
    assert names[-1] in str(caught.value)
    assert "THINGS" in str(caught.value)


def test_a_test_may_replace_them_and_they_come_back(settings):
    things = registry(settings, "One")
    assert things.ids() == ["one"]
    with things.replaced_by(f"{HERE}.Two"):
        assert things.ids() == ["two"]
    assert things.ids() == ["one"]
