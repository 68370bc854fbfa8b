"""A body that moves a little."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    DAYLIGHT,
    HOME,
    IN_PASSING,
    LATER,
    WORK,
    Ground,
    Work,
    about,
    advise,
)

EVERY_MOVE = Ground(
    "Any movement is better than none; strong, many studies.",
    Work("World Health Organization", 2020, "WHO guidelines on physical activity and sedentary behaviour"),
)  # fmt: skip
UP = Ground(
    "Short walks between sitting lowered blood sugar after meals; a small lab trial, repeated since.",
    Work("Dunstan, Kingwell, Larsen and others", 2012,
         "Breaking up prolonged sitting reduces postprandial glucose and insulin responses"),
)  # fmt: skip
LIVELY = Ground(
    "Ten minutes of brisk walking left people livelier for an hour or more; small, older studies.",
    Work("Robert E. Thayer", 1987,
         "Energy, tiredness, and tension effects of a sugar snack versus moderate exercise"),
)  # fmt: skip
IDEAS = Ground(
    "People had more ideas while walking than sitting; a few experiments.",
    Work("Oppezzo and Schwartz", 2014,
         "Give your ideas some legs: The positive effect of walking on creative thinking"),
)  # fmt: skip

ADVICES = about("movement", (
    advise("walk", "Walk once around the block, without your phone in your hand.", DAY, 10, LIVELY,
           hours=DAYLIGHT),
    advise("stretch", "Stand up, reach for the ceiling, and let your shoulders fall.",
           ALL, 1, UP, free=2),
    advise("stairs", "Take the stairs once, at your own pace.", DAY, 3, EVERY_MOVE, energy="some"),
    advise("stand-call", "Stand for the next call, or for the next page.", DAY, 5, UP, places=WORK),
    advise("walk-idea", "Take the question you are on for a five-minute walk.", DAY, 5, IDEAS,
           hours=DAYLIGHT),
    advise("calves", "Holding on to something steady, rise onto your toes ten times.",
           ALL, 1, EVERY_MOVE, free=2),
    advise("neck", "Turn your head slowly to the left, then to the right. Three times.",
           ALL, 1, free=IN_PASSING),
    advise("dance", "Put on one song and move to it until it ends.",
           ALL, 4, EVERY_MOVE, places=HOME, energy="some"),
    advise("after-meal", "Walk a few minutes after you eat, indoors or out, and slowly.", LATER, 5, UP),
    advise("shoulders", "Roll your shoulders back five times and let them drop.",
           ALL, 1, free=IN_PASSING),
    advise("floor", "Lie on the floor for three minutes and stretch what asks for it.",
           ALL, 3, places=HOME, energy="low"),
))  # fmt: skip
