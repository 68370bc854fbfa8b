"""Settings from the environment: parsed loudly, documented by being declared."""

from pathlib import Path

import pytest

from oo.lib.env import BadSetting, Env, host_and_port, read_dotenv


def test_values_are_of_their_kind_and_defaults_stand_in():
    env = Env({"N": "7", "F": "0.5", "T": " text ", "W": "a, b,,c ", "B": "Yes"})
    assert env.whole("N", 1, "") == 7
    assert env.number("F", 1.0, "") == 0.5
    assert env.text("T", "", "") == "text"
    assert env.words("W", [], "") == ["a", "b", "c"]
    assert env.flag("B", False, "") is True
    assert env.whole("ABSENT", 3, "") == 3
    assert env.words("ABSENT", ["x"], "") == ["x"]


@pytest.mark.parametrize("raw", ["", " ", "\t"])
def test_set_but_empty_counts_as_not_set(raw):
    assert Env({"N": raw}).whole("N", 5, "") == 5


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        *((w, True) for w in ("1", "true", "YES", "On")),
        *((w, False) for w in ("0", "False", "no", "OFF")),
    ],
)
def test_yes_and_no_in_the_usual_words(raw, value):
    assert Env({"B": raw}).flag("B", not value, "") is value


@pytest.mark.parametrize(
    ("kind", "raw", "word"),
    [
        ("whole", "7.5", "whole number"),
        ("number", "much", "number"),
        ("flag", "maybe", "yes or no"),
    ],
)
def test_what_can_not_be_parsed_names_the_variable_and_what_it_should_be(kind, raw, word):
    with pytest.raises(BadSetting, match=word) as caught:
        getattr(Env({"THE_NAME": raw}), kind)("THE_NAME", 0, "")
    assert "THE_NAME" in str(caught.value)


def test_the_environment_wins_over_the_file(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\nC=file\n")
    env = Env({"A": "environ", "B": ""}, file)
    assert env.text("A", "", "") == "environ"
    assert env.text("B", "default", "") == "default"  # emptied on purpose
    assert env.text("C", "", "") == "file"


def test_the_file_is_plain_lines(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text('# a comment\n\n  KEY = a=b "c" $D # e \nEMPTY=\n')
    assert read_dotenv(file) == {"KEY": 'a=b "c" $D # e', "EMPTY": ""}
    assert read_dotenv(tmp_path / "none") == {}
    for wrong in ("KEY", "=value", "export"):
        file.write_text(f"A=1\n{wrong}\n")
        with pytest.raises(BadSetting, match="line 2"):
            read_dotenv(file)


def test_every_declaration_is_remembered_for_the_docs():
    env = Env({"SECRET": "hush"})
    env.section("First")
    env.text("SECRET", "none", "What it is.")
    env.section("Second")
    env.words("LIST", ["a", "b"], "Several.")
    assert [(v.name, v.default, v.section, v.help) for v in env.declared] == [
        ("SECRET", "none", "First", "What it is."),
        ("LIST", "a,b", "Second", "Several."),
    ]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("http://ml.home:5000", "ml.home:5000"),
        ("https://ml.example/mlflow", "ml.example:443"),
        ("http://ml.home", "ml.home:80"),
        ("http://[::1]:8080/", "::1:8080"),
        *((wrong, None) for wrong in (
            "foo", "ftp://x", "http://", "http://x:99999", "http://x:port", "http://[::1", "")),
    ],
)  # fmt: skip
def test_where_an_address_leads(address, place):
    assert host_and_port(address) == place
