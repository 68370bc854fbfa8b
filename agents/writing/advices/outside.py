"""Out of doors, or a look at it."""

from agents.writing.advices.base import (
    DAY,
    DAYLIGHT,
    EVENING,
    IN_PASSING,
    LATE,
    MORNING,
    Ground,
    Work,
    about,
    advise,
)

TWO_HOURS = Ground(
    "Two hours a week in nature go with feeling well; a large survey, no trial.",
    Work("White, Alcock, Grellier and others", 2019,
         "Spending at least 120 minutes a week in nature is associated with good health and wellbeing"),
)  # fmt: skip
PARK = Ground(
    "Attention was better after a walk among trees than in town; small, repeats are mixed.",
    Work("Berman, Jonides and Kaplan", 2008, "The cognitive benefits of interacting with nature"),
)  # fmt: skip
GREEN = Ground(
    "Forty seconds of looking at a green roof helped attention; one experiment.",
    Work("Lee, Williams, Sargent, Williams and Johnson", 2015,
         "40-second green roof views sustain attention"),
)  # fmt: skip
BIRDS = Ground(
    "Six minutes of recorded birdsong eased worry; one online experiment.",
    Work("Stobbe, Sundermann, Ascone and Kühn", 2022,
         "Birdsongs alleviate anxiety and paranoia in healthy participants"),
)  # fmt: skip
AWE = Ground(
    "Weekly walks with an eye for wonder brightened the walkers' days; one trial with older adults.",
    Work("Sturm, Datta, Roy and others", 2022,
         "Big smile, small self: Awe walks promote prosocial positive emotions in older adults"),
)  # fmt: skip

ADVICES = about("outside", (
    advise("nearest-tree", "Go to the nearest tree and look at it for a minute.", DAY, 5, PARK,
           hours=DAYLIGHT),
    advise("birds", "Open a window and listen for a bird. Two minutes are plenty.",
           MORNING, 2, BIRDS),
    advise("green-view", "Rest your eyes on something green for forty seconds.",
           DAY, 1, GREEN, free=IN_PASSING),
    advise("long-way", "Take the greener way on your next errand, even if it is longer.",
           DAY, 10, PARK, hours=DAYLIGHT),
    advise("doorstep", "If the weather is kind, stand outside your door for two minutes.",
           DAY, 2, TWO_HOURS, hours=DAYLIGHT),
    advise("look-up", "Walk to the corner and back and look only at what is above the ground floor.",
           DAY, 5, AWE, hours=DAYLIGHT),
    advise("moon", "Look for the moon, or for the place where it would be.", EVENING, 2, AWE,
           hours=LATE),
    advise("park-bench", "Sit on a bench for five minutes and let people pass.", DAY, 5, TWO_HOURS,
           hours=DAYLIGHT),
    advise("weekend-path", "Walk a street or a path near you that is new to you.",
           DAY, 15, AWE, days="weekend", hours=DAYLIGHT),
))  # fmt: skip
