"""A little order for what comes."""

from agents.writing.advices.base import (
    AFTERNOON,
    ALL,
    DAY,
    EVENING,
    IN_PASSING,
    MORNING,
    Ground,
    Work,
    about,
    advise,
)

PLANNED = Ground(
    "A plan for an open task quiets the thought of it; a few experiments.",
    Work("Masicampo and Baumeister", 2011,
         "Consider it done! Plan making can eliminate the cognitive effects of unfulfilled goals"),
)  # fmt: skip
FALLACY = Ground(
    "People expect tasks to take less time than they do; often repeated.",
    Work("Buehler, Griffin and Ross", 1994,
         'Exploring the "planning fallacy": Why people underestimate their task completion times'),
)  # fmt: skip
WHEN = Ground(
    "Saying when and where makes doing it likelier; many trials pooled.",
    Work("Gollwitzer and Sheeran", 2006,
         "Implementation intentions and goal achievement: A meta-analysis of effects and processes"),
)  # fmt: skip
OFFLOAD = Ground(
    "Notes take load off memory; well established.",
    Work("Risko and Gilbert", 2016, "Cognitive offloading"),
)
GTD = Ground(
    "A method many people like; little tested as a whole.",
    Work("David Allen", 2001, "Getting Things Done"),
)

ADVICES = about("planning", (
    advise("three-words", "Write down, in three words, what today is for.", MORNING, 2),
    advise("one-thing", "Choose the one thing that would make today a good day.",
           MORNING, 1, free=IN_PASSING),
    advise("double", "Give the next task twice the time you first thought of.",
           DAY, 1, FALLACY, free=IN_PASSING),
    advise("where-when", "Pick one task and say when and where you will do it.",
           ALL, 1, WHEN, free=IN_PASSING),
    advise("next-action", "For one open task, write down the very next step.", ALL, 2, GTD),
    advise("gap", "Leave a gap of ten minutes before your next appointment.",
           DAY, 2, FALLACY, free=11, days="weekday"),
    advise("loose-ends", "Give one loose end a date, and put it out of your mind until then.",
           AFTERNOON, 2, PLANNED),
    advise("bag", "Pack your bag for tomorrow and put it by the door.", EVENING, 5, OFFLOAD),
    advise("half-list", "Hide half of today's list, and begin with the half you see.",
           MORNING, 2, FALLACY),
))  # fmt: skip
