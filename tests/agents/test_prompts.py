"""Prompts are text files: each named by what is in it, and data never read as more than data."""

import json

import pytest

from agents import prompts
from agents.prompts import prompt, speaking

SHOWN = {"topics": ("rest", "light"), "mark": "bcdfgh"}


@pytest.mark.parametrize("name", prompts.names())
def test_every_prompt_has_all_it_needs_and_a_version_that_fits_its_column(name):
    with speaking(name) as voice:
        page = voice.system(**SHOWN)
        assert "bcdfgh" in page
        assert "$" not in page
        assert len(voice.version) <= 40
        assert voice.version.startswith(f"{name}-")
        for field in ('"tips"', '"kind"', '"about"', '"topic"', '"text"', "{title}", "{time}"):
            assert field in page


def test_prompts_differ_in_their_versions_and_a_letter_makes_another():
    versions = set()
    for name in prompts.names():
        with speaking(name) as voice:
            versions.add(voice.version)
    assert len(versions) == len(prompts.names()) >= 5
    changed = prompts.Prompt("tips", prompt().page, prompt().question, prompt().once_more + " ")
    assert changed.version != prompt().version


def test_what_is_data_is_never_read_as_a_slot_and_faults_are_not_either():
    data = json.dumps({"titles": ["$mark $count ${data} $faults"]})
    system, asked = prompt().messages(data, count=3, faults=["$mark of it"], **SHOWN)
    assert data in asked["content"]
    assert "- $mark of it" in asked["content"]
    assert "bcdfgh" not in asked["content"]
    assert data not in system["content"]


def test_another_prompt_is_spoken_with_only_as_long_as_it_was_asked_for():
    first = prompt().version
    with speaking("tips-bare"):
        assert prompt().version != first
    assert prompt().version == first
    with pytest.raises(KeyError), speaking("none"):
        pass
