"""A few breaths."""

from agents.writing.advices.base import (
    ALL,
    EVENING,
    HOME,
    IN_PASSING,
    Ground,
    Work,
    about,
    advise,
)

SLOW = Ground(
    "Slow breathing calms body and mind for a while; reviewed, mostly small studies.",
    Work("Zaccaro, Piarulli, Laurino and others", 2018,
         "How breath-control can change your life: "
         "A systematic review on psycho-physiological correlates of slow breathing"),
)  # fmt: skip
EXHALE = Ground(
    "Five minutes a day of long breaths out lifted mood; one randomised trial.",
    Work("Balban, Neri, Kogon and others", 2023,
         "Brief structured respiration practices enhance mood and reduce physiological arousal"),
)  # fmt: skip
POOLED = Ground(
    "Breathing exercises lower felt stress a little; trials pooled, of mixed quality.",
    Work("Fincham, Strauss, Montero-Marin and Cavanagh", 2023,
         "Effect of breathwork on stress and mental health: "
         "A meta-analysis of randomised-controlled trials"),
)  # fmt: skip

ADVICES = about("breathing", (
    advise("breathe", "Breathe out slowly, five times, longer out than in.",
           ALL, 1, EXHALE, free=IN_PASSING),
    advise("sigh", "Breathe in, then a little more on top, and let it all out. Twice.",
           ALL, 1, EXHALE, free=IN_PASSING),
    advise("belly", "Put a hand on your belly and let the next six breaths move it.",
           ALL, 1, SLOW, free=IN_PASSING),
    advise("count-four", "Breathe in while you count to four, and out while you count to six.",
           ALL, 2, SLOW, free=IN_PASSING),
    advise("nose", "Breathe through your nose for the next few minutes.",
           ALL, 3, SLOW, free=IN_PASSING),
    advise("threshold", "At the next door, take one full breath before you go through.",
           ALL, 1, free=IN_PASSING),
    advise("listen-breath", "Listen to your breath for one minute, without changing it.",
           ALL, 1, POOLED, free=IN_PASSING),
    advise("evening-breath", "Lie down and let twenty breaths come and go.", EVENING, 3, SLOW,
           places=HOME),
    advise("window-breath", "Open a window and take five breaths of the air out there.",
           ALL, 1, free=2),
))  # fmt: skip
