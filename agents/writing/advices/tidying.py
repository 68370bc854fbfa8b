"""One surface at a time."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    EVENING,
    HOME,
    LATER,
    WORK,
    Ground,
    Work,
    about,
    advise,
)

HOMES = Ground(
    "Wives who spoke of cluttered homes had flatter daily cortisol; observed in some thirty couples.",
    Work("Saxbe and Repetti", 2010,
         "No place like home: Home tours correlate with daily patterns of mood and cortisol"),
)  # fmt: skip
SEEN = Ground(
    "Things in view compete for attention; well established in the lab.",
    Work("McMains and Kastner", 2011,
         "Interactions of top-down and bottom-up mechanisms in human visual cortex"),
)  # fmt: skip

ADVICES = about("tidying", (
    advise("tidy", "Clear one surface you can see from here.", ALL, 3, SEEN),
    advise("five-things", "Put five things back where they live.", ALL, 3, HOMES, places=HOME),
    advise("one-drawer", "Open one drawer and take out what does not belong there.",
           LATER, 5, places=HOME),
    advise("desk-reset", "Leave your desk the way you would like to find it.",
           LATER, 3, SEEN, places=WORK),
    advise("sink", "Wash up what is in the sink, warm and slow.", EVENING, 10, HOMES, places=HOME),
    advise("one-bag", "Find one thing you could give away and put it by the door.",
           ALL, 3, places=HOME),
    advise("desktop", "Move the files on your screen into one folder. Sorting can wait.",
           DAY, 2, SEEN),
    advise("laundry", "Fold what is dry, with some music on.", LATER, 10, places=HOME),
    advise("pockets", "Empty your bag or your pockets and keep what you need.", ALL, 2),
    advise("plants", "Water the plants and turn them toward the light.", ALL, 3, places=HOME),
    advise("entrance", "Make the place where you come in a little nicer to come home to.",
           LATER, 5, HOMES, places=HOME),
))  # fmt: skip
