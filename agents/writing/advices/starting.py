"""The first two minutes of something."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    IN_PASSING,
    MORNING,
    Ground,
    Work,
    about,
    advise,
)

IF_THEN = Ground(
    "Deciding when and where to begin helps to begin; many trials, a solid effect.",
    Work("Peter M. Gollwitzer", 1999, "Implementation intentions: Strong effects of simple plans"),
)
MOOD = Ground(
    "Putting things off is often about a feeling, not about time; well argued, mostly observed.",
    Work("Sirois and Pychyl", 2013,
         "Procrastination and the priority of short-term mood regulation: Consequences for future self"),
)  # fmt: skip
BIRD = Ground("A writer's experience, shared by many.", Work("Anne Lamott", 1994, "Bird by Bird"))
BUNDLE = Ground(
    "Pairing a chore with a pleasure got more of it done for some weeks; one field trial.",
    Work("Milkman, Minson and Volpp", 2014,
         "Holding the Hunger Games hostage at the gym: An evaluation of temptation bundling"),
)  # fmt: skip
HABIT = Ground(
    "A cue that comes every day makes a habit, in weeks or months; one long field study.",
    Work("Lally, van Jaarsveld, Potts and Wardle", 2010,
         "How are habits formed: Modelling habit formation in the real world"),
)  # fmt: skip
PROGRESS = Ground(
    "Small steps forward made good working days; from thousands of diary pages.",
    Work("Amabile and Kramer", 2011, "The Progress Principle"),
)

ADVICES = about("starting", (
    advise("first-step", "Pick one thing from your list, and do only its first two minutes.",
           DAY, 2, MOOD),
    advise("lay-out", "Lay out what you need for the next thing. Stop there if you like.",
           ALL, 3, IF_THEN),
    advise("rough", "Make a rough version on purpose. Five untidy minutes are enough.",
           DAY, 5, BIRD),
    advise("when-then", "Choose a cue: when the cup is empty, the next thing begins.",
           DAY, 1, IF_THEN, free=IN_PASSING),
    advise("smallest", "Find the smallest thing on your list and let it be done.",
           ALL, 5, PROGRESS),
    advise("pleasure", "Pair a dull task with something you like: music, tea, a good chair.",
           ALL, 5, BUNDLE),
    advise("open-it", "Open the thing you want to work on. Just look at it for a minute.",
           DAY, 1, MOOD, free=2),
    advise("ugly-line", "Write one line of it. It need not be a good one.", DAY, 2, BIRD),
    advise("same-cue", "Tie a small good habit to something you do each morning anyway.",
           MORNING, 2, HABIT, free=IN_PASSING),
    advise("next-verb", "Rename one task so that it begins with a verb.", ALL, 2),
))  # fmt: skip
