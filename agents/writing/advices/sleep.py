"""Ending a day."""

from agents.writing.advices.base import (
    EVENING,
    HOME,
    IN_PASSING,
    LATE,
    LATER,
    MORNING,
    Ground,
    Work,
    about,
    advise,
)

HYGIENE = Work(
    "Irish, Kline, Gunn, Buysse and Hall", 2015,
    "The role of sleep hygiene in promoting public health: A review of empirical evidence",
)  # fmt: skip
HABITS = Ground(
    "Reviewed; single habits help somewhat, and differently from one to another.", HYGIENE
)
REGULAR = Ground("Regular times go with better sleep; mostly observed, not tried.", HYGIENE)
WARM = Ground(
    "Warm water an hour or two before bed shortens falling asleep a little; trials pooled.",
    Work("Haghayegh, Khoshnevis, Smolensky, Diller and Castriotta", 2019,
         "Before-bedtime passive body heating by warm shower or bath to improve sleep"),
)  # fmt: skip
LISTS = Ground(
    "One lab trial: those who wrote a list for tomorrow fell asleep sooner.",
    Work("Scullin, Krueger, Ballard, Pruett and Bliwise", 2018,
         "The effects of bedtime writing on difficulty falling asleep"),
)  # fmt: skip
COFFEE = Ground(
    "One small trial: caffeine six hours before bed still cost sleep.",
    Work("Drake, Roehrs, Shambroom and Roth", 2013,
         "Caffeine effects on sleep taken 0, 3, or 6 hours before going to bed"),
)  # fmt: skip

ADVICES = about("sleep", (
    advise("tomorrow", "Put one thing for tomorrow where you will see it. Let the rest go.",
           EVENING, 2),
    advise("unload", "Write down what is on your mind for tomorrow. Paper keeps it overnight.",
           EVENING, 5, LISTS),
    advise("warm-feet", "Take a warm shower or warm your feet, an hour or so before bed.",
           EVENING, 10, WARM, places=HOME, hours=LATE),
    advise("cool-room", "Open the bedroom window for five minutes.",
           EVENING, 5, HABITS, places=HOME),
    advise("phone-bed", "Let your phone sleep away from your bed, unless someone may need you tonight.",
           EVENING, 2, HABITS, places=HOME),
    advise("made-bed", "Straighten the bed you will come back to tonight.",
           MORNING, 2, places=HOME),
    advise("bedtime", "Choose a time for bed tonight. Any time you like, as long as you chose it.",
           EVENING, 1, REGULAR, free=IN_PASSING),
    advise("decaf", "Let the next hot drink be one without caffeine.", LATER, 3, COFFEE),
    advise("soft-hour", "Pick something soft for the last half hour of the day: music, a page, a bath.",
           EVENING, 2, HABITS, places=HOME),
))  # fmt: skip
