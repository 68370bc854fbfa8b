"""Making something, for its own sake."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    EVENING,
    HOME,
    LATER,
    Ground,
    Work,
    about,
    advise,
)

CREATIVE = Ground(
    "The day after a day with something creative felt better; diaries of young adults.",
    Work("Conner, DeYoung and Silvia", 2018, "Everyday creative activity as a path to flourishing"),
)

ADVICES = about("making", (
    advise("draw", "Draw what stands in front of you in two minutes, without lifting the pen.",
           ALL, 2, CREATIVE),
    advise("hum", "Hum or sing one song from beginning to end.", ALL, 3, CREATIVE, places=HOME),
    advise("cook-one", "Cook or bake one small thing without looking at the clock.",
           LATER, 20, CREATIVE, places=HOME, days="weekend"),
    advise("instrument", "Take up the instrument, the brush or the needles for five minutes.",
           LATER, 5, CREATIVE, places=HOME),
    advise("postcard", "Write a postcard, or a note by hand, to someone.", ALL, 10, CREATIVE),
    advise("mend", "Mend one small thing: a button, a hinge, a bicycle light.",
           LATER, 15, CREATIVE, places=HOME, energy="some"),
    advise("six-words", "Tell today in six words, on paper.", EVENING, 2, CREATIVE),
    advise("arrange", "Arrange three things on a shelf the way you like them.",
           ALL, 3, places=HOME),
    advise("fold-paper", "Fold a sheet of paper into something. Anything.", DAY, 3, CREATIVE),
))  # fmt: skip
