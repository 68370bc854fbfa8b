"""What oO never says: the wording lint, tried with what people and machines come up with."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.writing.lexicon import LANGUAGES
from agents.writing.lint import WRONG, faults, language_of, plain
from agents.writing.shape import LETTERS, MARKS
from tests.agents.sentences import ACCEPTED, DISGUISED, PLAIN, REFUSED


def test_the_corpus_is_large_enough_to_mean_something():
    assert len(REFUSED) + len(DISGUISED) >= 200
    assert len(ACCEPTED) >= 200


@pytest.mark.parametrize(("kind", "language", "text"), REFUSED)
def test_what_blames_hurries_plays_cheats_or_comes_from_a_machine_is_refused(kind, language, text):
    assert faults(text, kind, language=language)


@pytest.mark.parametrize("text", DISGUISED.values(), ids=DISGUISED)
def test_a_disguised_sentence_is_refused_and_the_disguise_named_not_repeated(text):
    found = faults(text, "advice")
    assert found
    assert all(sign.isprintable() for fault in found for sign in fault)


@pytest.mark.parametrize(("kind", "language", "text"), ACCEPTED)
def test_every_advice_and_every_calm_sentence_gets_through(kind, language, text):
    assert faults(text, kind, language=language) == []


def test_a_fault_says_what_to_change_and_quotes_only_the_phrase_that_is_wrong():
    found = faults("Hurry to the garden of Mrs Woodpecker.", "advice")
    assert found == ["It hurries: “hurry”."]
    for kind, language, text in REFUSED:
        for fault in faults(text, kind, language=language):
            assert fault.startswith("It ")
            assert fault.endswith(".")
            assert len(fault) < 200


SINGLE = [
    ("insight", "You finished this two weeks ago.", "It says how old or late something is."),
    ("insight", "You have 12 open tasks.", "It counts what is not done."),
    ("insight", "You finished only a little.",
     "It belittles: say what is, without less, only or slower."),
    ("task", "For two days: {title}",
     "It counts days: leave the number of days, weeks or months out."),
    ("advice", "Sit down. " * 40, "It is longer than 300 characters."),
    ("advice", "Take a walk " + "and then a walk " * 8 + "home.", "It is longer than 120 characters."),
    ("advice", "Sit down. Get up. Go out. Rest.", "It has more than 3 sentences."),
    ("advice", "Sit down.", "It is too short to say something."),
    ("advice", "Sit down for a while", "It ends with a full stop or a question mark."),
    ("insight", "Is that usual for you?", "It ends with a full stop."),
    ("advice", "sit down for a while.", "It begins with a capital letter."),
    ("advice", " Sit down for a while.", "It begins or ends with a space."),
    ("advice", "Sit down  for a while.", "It has two spaces in a row."),
    ("advice", "Begin with a bit of {title}.", "It has no {title}: there is none to fill in."),
    ("task", "Begin with a small step.", "It names the task exactly once, as {title}."),
    ("advice", "Open files:list for a minute.",
     "It holds something like a link: leave a space after a full stop or a colon."),
    ("advice", "Call 0170 1234567 for a talk.", "It holds something like a phone or account number."),
    ("advice", "Take 12345 steps today.", "It holds a number that is too long to take in."),
    ("advice", "Sit DOWN for a while.", "It shouts: no word is in capitals."),
    ("advice", "Sit down for a whiiile.", "It draws out a word."),
    ("advice", "Sit down -- for a while.", "It has too many marks in a row."),
    ("advice", "Sit d o w n for a while.", "It spells a word out letter by letter."),
    ("advice", "Sit d0wn for a while.", "It mixes letters and digits in one word."),
    ("advice", "Take a superultramicroscopicwalk today.", "It holds a word that is too long."),
    ("advice", "Open the windowFrame a little.", "It looks like code."),
    ("advice", "Say the word rhtmcks slowly.", "It looks like code."),
    ("advice", "Sit down for a while!", "It holds a character that does not belong: an exclamation mark."),
    ("advice", "Sit d\u043ewn for a while.",
     "It holds a character that does not belong: U+043E cyrillic small letter o."),
    ("advice", "Wypij teraz szklanke wody zanim zaczniesz cokolwiek innego.",
     "It does not read like English."),
    ("advice", "Drink a glass of water and look out of the window. Dann geh nach draußen.",
     "It does not read like English but like German."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "fault"), SINGLE)
def test_each_rule_stands_by_itself_and_says_what_is_wrong(kind, text, fault):
    assert faults(text, kind) == [fault]


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        ("task", "{title} can not wait", "It hurries"),
        ("task", "Long past its day: {title}", "It blames or presses"),
        ("task", "This is past its date: {title}", "It blames or presses"),
        ("insight", "Seven mornings in a line. Keep walking.", "It counts like a game"),
        ("insight", "You have a run going.", "It counts like a game"),
        ("insight", "Your list is growing.", "It blames or presses"),
        ("insight", "Your list keeps getting longer.", "It blames or presses"),
        ("advice", "Go to evil . com now.", "It holds something like a link"),
        ("advice", "Look at bit. ly for a minute.", "It holds something like a link"),
        ("advice", "Look at bit .ly for a minute.", "It holds something like a link"),
        ("advice", "Look at bit.st. Then rest.", "It holds something like a link"),
        ("advice", "Look at bit. st. Then rest.", "It holds something like a link"),
    ],
)
def test_what_presses_counts_or_links_in_other_words_is_refused_too(kind, text, fault):
    assert any(one.startswith(fault) for one in faults(text, kind))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("task", "Begin small. {title}"), ("task", "One slow breath... then: {title}"),
        ("advice", "Rest from 10 p.m. if you like."), ("advice", "Walk past the day's last shop."),
        ("advice", "Go for a short run. Going slowly is fine."),
        ("advice", "Put three things in a line on the table."),
        ("insight", "Something is growing. oO likes that."),
    ],
)  # fmt: skip
def test_words_and_stops_that_only_look_so_get_through(kind, text):
    assert faults(text, kind) == []


@pytest.mark.parametrize("kind", ["task", "reminder", "advice", "insight"])
@pytest.mark.parametrize("phrase", ["is overdue", "is urgent", "earns a badge", "at example.com"])
def test_no_kind_is_let_off(kind, phrase):
    title = "{title}" if kind in ("task", "reminder") else "This thing"
    assert faults(f"{title} is here.", kind) == []
    assert faults(f"{title} {phrase}.", kind)


def test_the_same_words_are_refused_however_they_are_written():
    for text in (
        "You are overdue.", "You are OVERDUE.", "You are over-due.", "You are o-v-e-r-d-u-e.",
        "You are over.due.", "You are overduuue.", "You are 0verdue.", "You are óverdüe.",
        "Don't forget your walk.", "Don’t forget your walk.", "Dont forget your walk.",
    ):  # fmt: skip
        assert faults(text, "advice"), text


def test_a_wrong_phrase_of_one_language_is_found_in_a_sentence_of_another():
    assert faults("Take a walk, sofort, my friend.", "advice")
    assert faults("Bitte hurry up mit dem Tee.", "advice", language="de")


def test_short_words_of_one_language_are_not_mistaken_for_another():
    assert faults("Let the tea stand until it is warm enough to hold.", "advice") == []
    assert faults("Sit in direct light for a minute.", "advice") == []  # at once, in Dutch
    assert faults("Lass die Tasse stehen, bis der Tee warm ist.", "advice", language="de") == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Drink a glass of water before the next thing.", "en"),
        ("Trink ein Glas Wasser, bevor es weitergeht.", "de"),
        ("Bois un verre d'eau avant la suite de la journée.", "fr"),
        ("Bebe un vaso de agua antes de lo siguiente.", "es"),
        ("Drink een glas water voor je verder gaat.", "nl"),
        ("Xyzzy plugh.", None),
        ("", None),
    ],
)
def test_the_language_of_a_sentence_is_told_from_its_common_words_where_there_are_any(
    text, language
):
    assert language_of(text) == language


def test_a_language_that_nobody_here_can_read_is_refused_rather_than_let_through():
    assert faults("Drik et glas vand.", "advice", language="da")
    assert faults("Drik et glas vand, før du gør det næste, og gå så en tur.", "advice")


def test_every_accepted_sentence_in_a_language_is_not_taken_for_another():
    for kind, language, text in PLAIN:
        told = language_of(text)
        assert told in (None, language[:2]), (kind, text, told)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_knows_words_for_everything_that_is_wrong(code):
    language = LANGUAGES[code]
    assert set(language.refused) == set(WRONG)
    for phrases in language.refused.values():
        for phrase in phrases:
            re.compile(phrase)
            # A pattern with an accent or a capital could never match what it is matched with.
            assert phrase.replace("ß", "ss") == plain(phrase) or "\\" in phrase, phrase
    assert language.common <= {word for word in language.common if word == word.casefold()}


@given(st.text(max_size=400), st.sampled_from(["task", "reminder", "advice", "insight"]))
def test_any_text_at_all_gets_an_answer_and_a_strange_character_never_gets_through(text, kind):
    found = faults(text, kind)
    strange = set(text.replace("{title}", "")) - LETTERS - MARKS - set("0123456789 ")
    assert found or not strange


@given(st.sampled_from(ACCEPTED), st.integers(0, 60), st.characters(exclude_categories=("L", "N")))
def test_a_good_sentence_with_a_foreign_sign_anywhere_in_it_is_refused(sentence, at, sign):
    kind, language, text = sentence
    if sign in MARKS or sign in " \u00a0\u202f{}" or "{" in text:
        return
    at = min(at, len(text))
    assert faults(text[:at] + sign + text[at:], kind, language=language)
