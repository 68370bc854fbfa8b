"""Which titles are alike: of any number, in any language, always the same."""

import random

import numpy as np
import pytest

from agents.alike.groups import ALONE, grouped
from agents.alike.topics import lexicon, read
from agents.alike.vectors import centred, middle, vectors
from agents.alike.words import fold, words
from bench import alike as bench

ODD = ("", "   ", "???", "🎉", "—", "\x00", "‮", "!!! ???", "http://example.com/a?b=c")


def groups_of(*titles: str) -> list[set[str]]:
    found = grouped(vectors(titles))
    return [
        {title for title, of in zip(titles, found, strict=True) if of == group}
        for group in sorted(set(found) - {ALONE})
    ]


def test_a_list_of_five_is_told_apart():
    found = groups_of(
        "Call the dentist", "Zahnarzttermin", "Mow the lawn", "Water the plants", "Fix login bug"
    )
    assert sorted(map(sorted, found)) == [
        ["Call the dentist", "Zahnarzttermin"],
        ["Mow the lawn", "Water the plants"],
    ]


def test_the_same_thing_is_alike_in_whatever_language_it_is_written():
    assert len(groups_of("Book a flight", "Flug buchen", "Réserver un vol", "Reservar vuelo",
                         "Prenotare il volo", "Vlucht boeken", "Reservar o voo")[0]) == 7  # fmt: skip


def test_words_that_no_lexicon_knows_are_alike_where_they_are_spelled_alike():
    assert groups_of("Zorbatron Mk II", "zorbatron, second try", "Quux") == [
        {"Zorbatron Mk II", "zorbatron, second try"}
    ]
    assert groups_of("Позвонить бабушке", "Подарок бабушке", "Quux") == [
        {"Позвонить бабушке", "Подарок бабушке"}
    ]


def test_what_is_done_tells_less_than_what_it_is_done_to():
    found = groups_of("Wash the car", "Oil change", "Wash the dishes", "Vacuum the hall")
    assert sorted(map(sorted, found)) == [
        ["Oil change", "Wash the car"], ["Vacuum the hall", "Wash the dishes"],
    ]  # fmt: skip


@pytest.mark.parametrize("title", ODD)
def test_a_title_without_a_word_is_like_no_other(title):
    assert grouped(vectors([title, title, "Mow the lawn"])) == [ALONE] * 3


def test_lists_of_nothing_and_of_one_have_no_groups():
    assert grouped(vectors([])) == []
    assert grouped(vectors(["Mow the lawn"])) == [ALONE]


def test_a_title_as_long_as_a_book_takes_no_longer_than_its_beginning():
    long = "garden " * 200_000
    assert len(fold(long)) <= 300
    assert groups_of(long, "Mow the lawn") == [{long, "Mow the lawn"}]


def test_the_same_titles_always_make_the_same_groups():
    some = [one.title for one in bench.titles()]
    first = vectors(some)
    assert np.array_equal(first, vectors(some))
    assert grouped(first) == grouped(vectors(some))


def test_groups_do_not_depend_on_the_order_of_a_list():
    some = [one.title for one in bench.titles() if one.held_out][:60]
    other = random.Random(3).sample(some, len(some))
    assert sorted(map(sorted, groups_of(*some))) == sorted(map(sorted, groups_of(*other)))


def test_it_is_as_good_as_the_docs_say_on_titles_it_was_not_tuned_on():
    held_out = [one for one in bench.titles() if one.held_out]
    score = bench.score(held_out, vectors)
    assert score.v > 0.84
    assert score.ari > 0.68
    alone = bench.score(held_out, bench.spelling)
    assert alone.ari < 0.1, "then the lexicon would not be needed"


def test_a_list_of_many_hundreds_is_still_told_apart():
    score = bench.score(bench.titles(), vectors)
    assert score.v > 0.8


def test_the_labelled_titles_are_as_many_and_as_mixed_as_they_have_to_be():
    every = bench.titles()
    assert len({one.title for one in every}) == len(every) >= 300
    assert len({one.label for one in every}) >= 12
    assert sum(one.language == "de" for one in every) >= 100
    assert len({one.language for one in every}) >= 6


def test_a_models_vectors_speak_for_titles_whose_words_are_unknown():
    titles = ["Flurble the snark", "Vexing quimby", "Mow the lawn"]
    meant = np.array([[1.0, 0.0], [0.99, 0.14], [0.0, 1.0]])
    assert grouped(vectors(titles)) == [ALONE] * 3
    found = grouped(vectors(titles, meant))
    assert found[0] == found[1] != ALONE
    assert found[2] == ALONE


def test_what_all_vectors_of_a_model_have_in_common_is_no_likeness():
    rng = np.random.default_rng(1)
    corner = np.full(64, 1.0)
    common, some = corner + rng.normal(size=(60, 64)), corner + rng.normal(size=(8, 64))
    raw = some / np.linalg.norm(some, axis=1, keepdims=True)
    assert (raw @ raw.T)[0, 1] > 0.3
    told = centred(some, middle(common))
    assert abs((told @ told.T)[0, 1:]).max() < 0.4
    assert abs(np.mean((told @ told.T)[np.triu_indices(8, 1)])) < 0.1


def test_a_word_means_itself_before_what_it_begins_with_or_what_is_in_it():
    small = read(["[a]", "cat", "[b]", "cat*", "[c]", "*dog*", "[light]", "the"])
    assert small.of("cat") == {"a", "b"}
    assert small.of("cattle") == {"b"}
    assert small.of("hotdogs") == {"c"}
    assert small.of("the") == small.of("zebra") == frozenset()


@pytest.mark.parametrize("line", ["a*b*c", "*", "**"])
def test_a_line_that_is_none_of_a_lexicon_is_refused(line):
    with pytest.raises(ValueError, match="line 2"):
        read(["[a]", line])


def test_the_lexicon_is_folded_as_titles_are():
    known = lexicon()
    for stem in [*known.whole, *known.begins, *(part for part, _ in known.within)]:
        assert fold(stem) == stem
    assert len(known.topics) >= 20


def test_folding_leaves_what_tells_and_drops_what_decorates():
    assert fold("Zoë’s CAFÉ, Straße ①") == "zoe's cafe, strasse 1"
    assert words(fold("Sam's e-mail & l'eau")) == ["sam", "e", "mail", "l", "eau"]
