"""What a model is told: as much worth as there is room for, and what stays here stays here."""

import json
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.library.base import EventFact, Inputs, Snippet, TaskFact, end_of_part
from agents.writing.assemble import Part, assemble, dump, tokens, words
from agents.writing.brief import Material, brief
from agents.writing.draft import TipCandidate
from agents.writing.plain import write

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=BERLIN)
TITLE = "CANARY call Doctor Petra"

parts = st.lists(
    st.builds(
        Part,
        name=st.text("abcdefgh", min_size=1, max_size=6),
        section=st.sampled_from(["known", "tasks"]),
        data=st.text(max_size=200),
        value=st.floats(0, 1),
        stays=st.booleans(),
    ),
    max_size=25,
    unique_by=lambda part: part.name,
)


@settings(max_examples=200, deadline=None)
@given(parts=parts, room=st.integers(0, 400), remote=st.booleans())
def test_what_is_packed_has_room_and_nothing_that_has_room_is_left_out(parts, room, remote):
    packed = assemble(parts, room=room, remote=remote)
    assert packed.tokens <= room
    assert {p.name for p in packed.parts} | {p.name for p in packed.left_out} == {
        p.name for p in parts
    }
    free = room - packed.tokens
    alone = len(packed.parts) == 1
    for one in packed.left_out:
        assert one.why == "stays here" or one.tokens > free or alone


@settings(max_examples=100, deadline=None)
@given(parts=parts, room=st.integers(0, 300))
def test_it_is_worth_at_least_half_of_the_best_that_could_be_packed(parts, room):
    packed = assemble(parts, room=room, remote=False)
    best = [0.0] * (room + 1)
    for part in parts:
        for free in range(room, part.tokens - 1, -1):
            best[free] = max(best[free], best[free - part.tokens] + part.value)
    assert sum(part.value for part in packed.parts) >= best[room] / 2 - 1e-9


def test_a_small_dear_thing_does_not_keep_out_a_large_one_worth_far_more():
    small, large = Part("small", "known", "a", 0.1), Part("large", "known", "b" * 60, 1.0)
    packed = assemble([small, large], room=large.tokens, remote=False)
    assert small.value / small.tokens > large.value / large.tokens
    assert [part.name for part in packed.parts] == ["large"]


@settings(max_examples=100, deadline=None)
@given(parts=parts, room=st.integers(0, 300), seed=st.integers())
def test_the_same_parts_are_chosen_whatever_order_they_come_in(parts, room, seed):
    shuffled = list(parts)
    random.Random(seed).shuffle(shuffled)
    first = assemble(parts, room=room, remote=False)
    second = assemble(shuffled, room=room, remote=False)
    assert {part.name for part in first.parts} == {part.name for part in second.parts}
    assert first.left_out == second.left_out


def test_what_must_go_goes_first_and_what_stays_here_goes_nowhere_even_then():
    must = Part("moment", "moment", "Wednesday", 0, must=True)
    health = Part("energy", "known", "You slept little.", 1, stays=True, must=True)
    other = Part("other", "known", "x" * 30, 1)
    packed = assemble([other, health, must], room=must.tokens, remote=True)
    assert [part.name for part in packed.parts] == ["moment"]
    assert {one.name: one.why for one in packed.left_out} == {
        "energy": "stays here",
        "other": "no room",
    }


@given(text=st.text(max_size=300))
def test_no_words_of_anybody_can_end_the_string_they_are_in(text):
    data = dump([{"title": words(text)}])
    assert json.loads(data) == [{"title": words(text)}]
    inside = data[len('[{"title":') : -len("}]")]
    assert not set("<>{}`\n") & set(inside)


def test_words_are_one_line_of_signs_that_can_be_seen():
    assert words("a\u202eb\u200bc\nd\x00  e\u2028f") == "a b c d e f"
    assert words("Ｉｇｎｏｒｅ") == "Ignore"
    assert len(words("x" * 900)) == 80


def test_tokens_are_counted_rather_too_high_than_too_low():
    # Of this sentence common tokenizers make 10 to 12; of the second 8 to 14.
    assert tokens("Open a window and breathe out slowly, five times.") >= 12
    assert tokens("窗户旁边慢慢呼吸") >= 8


def life(**more) -> Inputs:
    tasks = (
        TaskFact(1, 1, NOW - timedelta(days=3), due_on=NOW.date()),
        TaskFact(2, 4, NOW - timedelta(days=3), due_at=NOW + timedelta(hours=1)),
    )
    events = (EventFact(9, NOW + timedelta(minutes=30), NOW + timedelta(hours=1)),)
    return Inputs(
        **{"user_id": 1, "now": NOW, "zone": BERLIN, "tasks": tasks, "events": events, **more}
    )


SNIPPETS = {
    "time-of-day": Snippet("It is morning on a Wednesday.", {"part": "morning"}),
    "energy": Snippet("Last night had 5 hours of sleep.", {"slept": 300}),
}


def material(**more) -> Material:
    inputs = more.pop("inputs", life())
    drafts = write(inputs, SNIPPETS)
    drafts += [
        insight("sleep", "On days after long nights you finish more.", {"energy.slept": 300}),
        insight("week", "You finish most on Mondays.", {"time-of-day.part": "morning"}),
        insight("bare", "A sentence that names no facts.", {}),
    ]
    titles = {draft.key: TITLE for draft in drafts if draft.task_id or draft.event_id}
    return Material(
        **{
            "inputs": inputs,
            "snippets": SNIPPETS,
            "drafts": drafts,
            "titles": titles,
            "preferences": {"preferred_hour": 9, "usual_sleep_minutes": 300, "areas": ["CANARY"]},
            "private": frozenset({"energy"}),
            "private_preferences": frozenset({"usual_sleep_minutes"}),
            **more,
        }
    )  # fmt: skip


def insight(name: str, content: str, claims: dict) -> TipCandidate:
    ends = NOW + timedelta(hours=6)
    return TipCandidate(f"insight:{name}", "insight", content, "x", 0.5, ends, claims=claims)


def test_a_remote_model_is_told_no_title_no_name_and_nothing_of_health():
    told = brief(
        material(inputs=life(contexts=frozenset({"Petra's flat"}))),
        topics=("rest",),
        room=2000,
        remote=True,
    )
    data = told.data()
    for secret in ("CANARY", "Petra", "slept", "sleep", "night", "300", "names no facts"):
        assert secret not in data
    assert '"says":"You finish most on Mondays."' in data
    left = {one.name for one in told.packed.left_out if one.why == "stays here"}
    assert {"snippet:energy", "preference:usual_sleep_minutes", "situation:1", "title:t1"} <= left


def test_a_model_of_ones_own_is_told_titles_as_data_and_everything_by_handles():
    told = brief(material(), topics=("rest",), room=2000, remote=False)
    data = json.loads(told.data())
    assert {one["id"]: one["title"] for one in data["titles"]}["t1"] == TITLE
    assert data["tasks"][0] == {"id": "t1", "today": True}
    assert {one["id"] for one in data["reminders"]} == {"r1", "r2"}
    assert data["reminders"][1]["time"] == "11:30"
    assert "CANARY" not in json.dumps(data["wishes"])
    assert told.subjects["t1"].draft.task_id == 1


def test_a_thing_that_had_no_room_can_not_be_written_about():
    told = brief(material(), topics=("rest",), room=60, remote=False)
    assert set(told.subjects) < {"t1", "t2", "r1", "r2", "i1", "i2", "i3"}
    assert told.packed.tokens <= 60
    assert {one.why for one in told.packed.left_out} == {"no room"}


def test_the_same_life_gives_the_same_brief_to_the_letter_within_a_part_of_the_day():
    first = brief(material(), topics=("rest",), room=500, remote=False)
    later = life(now=NOW + timedelta(minutes=20))
    again = brief(material(inputs=later), topics=("rest",), room=500, remote=False)
    assert first.data() == again.data()


def test_a_part_of_the_day_ends_where_the_next_begins():
    assert end_of_part(NOW) == NOW.replace(hour=12)
    assert end_of_part(NOW.replace(hour=12, minute=1)) == NOW.replace(hour=17)
    assert end_of_part(NOW.replace(hour=23)) == NOW.replace(hour=5) + timedelta(days=1)
