"""One thing at a time."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    IN_PASSING,
    WORK,
    Ground,
    Work,
    about,
    advise,
)

RESIDUE = Ground(
    "Thoughts of an unfinished task linger and slow the next one; a few experiments.",
    Work("Sophie Leroy", 2009, "Why is it so hard to do my work?"),
)
SWITCHING = Ground(
    "Every switch between tasks costs time; solid, from the lab.",
    Work("Rubinstein, Meyer and Evans", 2001, "Executive control of cognitive processes in task switching"),
)  # fmt: skip
INTERRUPTED = Ground(
    "Interrupted work was done sooner and with more stress; one experiment.",
    Work("Mark, Gudith and Klocke", 2008, "The cost of interrupted work: More speed and stress"),
)
PHONE_NEAR = Ground(
    "A phone in sight took some attention; later studies found less or nothing.",
    Work("Ward, Duke, Gneezy and Bos", 2017,
         "Brain drain: The mere presence of one's own smartphone reduces available cognitive capacity"),
)  # fmt: skip
DOODLE = Ground(
    "Those who doodled remembered more of a dull phone call; one small experiment.",
    Work("Jackie Andrade", 2010, "What does doodling do?"),
)

ADVICES = about("focus", (
    advise("one-tab", "Close what you are not using. Keep one thing open.", DAY, 2, SWITCHING),
    advise("note-and-switch", "Before you switch, write one line on where you left off.",
           DAY, 1, RESIDUE, free=2),
    advise("phone-away", "If nobody needs to reach you, put your phone in another room for a while.",
           DAY, 15, PHONE_NEAR),
    advise("twenty", "Give the thing in front of you twenty quiet minutes. Then look up.",
           DAY, 20, SWITCHING),
    advise("door", "Close the door, or put on headphones, for the length of one task.",
           DAY, 15, INTERRUPTED, places=WORK),
    advise("parking", "Keep a slip of paper beside you for thoughts that belong to another hour.",
           DAY, 1, RESIDUE, free=2),
    advise("full-window", "Make what you are reading fill the screen.", DAY, 1, SWITCHING, free=2),
    advise("say-it", "Say in one sentence what you are doing. Then go on.", DAY, 1, free=2),
    advise("doodle", "Let your pen wander on paper while you listen.",
           DAY, 5, DOODLE, free=IN_PASSING),
    advise("same-kind", "Do two small things of the same kind one after the other.",
           ALL, 10, SWITCHING),
))  # fmt: skip
