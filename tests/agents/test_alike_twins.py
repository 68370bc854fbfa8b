"""Which titles say the same: found where it is sure, and never of two that merely look alike."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.alike.twins import slip, twins
from bench.alike import found_twins, pairs


@pytest.mark.parametrize(
    ("one", "two"), [pair[1:] for pair in pairs() if pair[0] == "other"], ids=str
)
def test_two_things_that_look_alike_stay_two(one, two):
    assert twins([one, two]) == twins([two, one]) == {}


def test_most_that_say_the_same_are_found_and_nothing_else():
    count = found_twins()
    assert count["same", True] / (count["same", True] + count["same", False]) >= 0.9
    assert count["other", True] == 0


def test_it_does_not_matter_which_was_there_first():
    for _, one, two in pairs():
        assert bool(twins([one, two])) == bool(twins([two, one])), (one, two)


def test_of_several_that_say_the_same_each_names_the_first():
    titles = ["Buy milk", "Call mum", "buy some milk", "BUY MILK!"]
    assert twins(titles) == {2: 0, 3: 0}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Ask Tom about Ben", "Ask Ben about Tom"),
        ("Chapter 3 of the thesis", "Chapter 13 of the thesis"),
        ("会議の資料を準備する", "会議の資料を不準備する"),
        ("Gift for Kate", "Gift from Kate"),
        ("Call Anna", "Call Hanna"),
        ("anmelden: Verein", "abmelden: Verein"),
    ],
)
def test_a_name_a_number_or_a_small_word_makes_another_thing_of_it(one, two):
    assert twins([one, two]) == {}


@pytest.mark.parametrize(
    ("one", "two", "is_one"),
    [
        ("appointment", "apointment", True),
        ("geschenk", "gecshenk", True),
        ("ersteigern", "versteigern", False),
        ("umleiten", "muleiten", False),
        ("bezahlen", "bestahlen", False),
        ("lunch", "launch", False),
    ],
)
def test_a_slip_is_one_letter_inside_a_long_word(one, two, is_one):
    assert slip(one, two) == slip(two, one) == is_one


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Dentist 10.11", "Dentist 11.10"),
        ("Pay rent 05/06", "Pay rent 06/05"),
        ("2026-05-06", "2026-06-05"),
        ("Exercise 1.12", "Exercise 11.2"),
        ("chapters 1-12", "chapters 11-2"),
        ("1.5", "15"),
        ("Pay 12.50", "Pay 1250"),
        ("-5", "5"),
        ("Read https://example.com/1", "Read https://example.com/2"),
    ],
)
def test_two_dates_amounts_or_addresses_are_two_things_whatever_their_digits_have_in_common(
    one, two
):
    assert twins([one, two]) == twins([two, one]) == {}
    assert twins([one, f"{one}."]) == {1: 0}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Call William", "Call Williams"),
        ("Call William", "call Williams"),
        ("Jen", "Jens"),
        ("Michael", "Michal"),
        ("Bauer", "Baur"),
        ("Lunch with Christian", "Lunch with Christina"),
        ("Ask Jen about Jens", "Ask Jens about Jen"),
        ("Flug BER MUC", "Flug MUC BER"),
    ],
)
def test_two_people_or_places_with_names_much_alike_are_not_taken_for_one(one, two):
    assert twins([one, two]) == twins([two, one]) == {}
    assert twins([one, one.upper()]) == {1: 0}


@pytest.mark.parametrize(
    ("one", "two"),
    [("Müller anrufen", "Mueller anrufen"), ("Grüße an Sören", "Gruesse an Soeren"),
     ("Water Plants", "water plants"), ("water plants", "water plant"),
     ("Pay bill for electricity", "pay bill for electricty")],
)  # fmt: skip
def test_a_name_is_known_in_both_spellings_and_a_thing_in_small_letters_by_its_plural(one, two):
    assert twins([one, two]) == twins([two, one]) == {1: 0}


def test_titles_without_a_word_are_nobodys_twins():
    assert twins(["", "", "???", "🎉", "🎉", "the", "the"]) == {}


@given(st.lists(st.text(st.characters() | st.sampled_from("äÄßöœİ¨ͅ' -1.A")), max_size=4))
def test_whatever_stands_in_a_title_it_is_its_own_twin_or_nobodys(titles):
    for later, first in twins([*titles, *titles]).items():
        assert first < later
    for number, title in enumerate(titles):
        assert twins([title, title]) in ({}, {1: 0}), number


def test_a_list_made_to_be_slow_is_not():
    began = time.process_time()
    twins([f"thing{number}x" for number in range(1000)])
    twins(["a " * 150] * 1000)
    twins(["ring " * 60 + str(number) for number in range(300)])
    assert time.process_time() - began < 10
