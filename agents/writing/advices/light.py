"""Daylight by day, lamplight by night."""

from agents.writing.advices.base import (
    DAY,
    DAYLIGHT,
    EVENING,
    HOME,
    LATE,
    MORNING,
    WORK,
    Ground,
    Work,
    about,
    advise,
)

INDOORS = Work(
    "Brown, Brainard, Cajochen and others", 2022,
    "Recommendations for daytime, evening, and nighttime indoor light exposure to best support "
    "physiology, sleep, and wakefulness in healthy adults",
)  # fmt: skip
CLOCK = Ground(
    "Bright light in the morning sets the body clock earlier; strong, from the lab.",
    Work("Khalsa, Jewett, Cajochen and Czeisler", 2003,
         "A phase response curve to single bright light pulses in human subjects"),
)  # fmt: skip
CAMPING = Ground(
    "Days in natural light moved body clocks earlier; small studies, a clear effect.",
    Work("Wright, McHill, Birks, Griffin, Rusterholz and Chinoy", 2013,
         "Entrainment of the human circadian clock to the natural light-dark cycle"),
)  # fmt: skip
BRIGHT = Ground("Bright days and dim evenings are what experts agree on.", INDOORS)

ADVICES = about("light", (
    advise("morning-light", "Get ten minutes of daylight before noon.", MORNING, 10, CLOCK,
           hours=DAYLIGHT),
    advise("curtains", "Open the curtains all the way and stand there for a minute.",
           MORNING, 1, CLOCK, free=2, places=HOME),
    advise("first-drink-outside", "Take your next drink to the door, the balcony or the brightest window.",
           MORNING, 5, CLOCK),
    advise("seat-by-window", "Move your chair a little closer to the window.", DAY, 2, BRIGHT),
    advise("lunch-light", "Spend five minutes of your lunch break under the open sky.",
           DAY, 5, CAMPING, hours=(11, 14)),
    advise("sky", "Find out what the sky is doing, at the door or at a window.", DAY, 2, CAMPING),
    advise("lamp-swap", "Turn off the ceiling light and let a small lamp do.",
           EVENING, 1, BRIGHT, free=2, places=HOME, hours=LATE),
    advise("screen-dim", "Lower the brightness of this screen by half.",
           EVENING, 1, BRIGHT, free=2),
    advise("blinds", "Raise the blinds, even if it is grey out there.",
           DAY, 1, BRIGHT, free=2, places=WORK),
    advise("room-light", "Look at the light around you for a few minutes, without doing anything else.",
           EVENING, 5),
))  # fmt: skip
