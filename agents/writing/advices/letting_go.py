"""Being easy on oneself."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    EVENING,
    IN_PASSING,
    LATER,
    Ground,
    Work,
    about,
    advise,
)

NAMING = Ground(
    "Putting a feeling into words softened it; experiments, mostly in the lab.",
    Work("Lieberman, Eisenberger, Crockett, Tom, Pfeifer and Way", 2007,
         "Putting feelings into words: Affect labeling disrupts amygdala activity in response to "
         "affective stimuli"),
)  # fmt: skip
GENTLE = Ground(
    "Being kind to oneself goes with being well; many surveys, some trials.",
    Work("Kristin Neff", 2003,
         "Self-compassion: An alternative conceptualization of a healthy attitude toward oneself"),
)  # fmt: skip
BY_NAME = Ground(
    "Talking to oneself by name gave people some distance; several experiments.",
    Work("Kross, Bruehlman-Senecal, Park and others", 2014,
         "Self-talk as a regulatory mechanism: How you do it matters"),
)  # fmt: skip
RELEASE = Ground(
    "Letting go of a goal that can't be had, for another, went with being well; surveys.",
    Work("Wrosch, Scheier, Miller, Schulz and Carver", 2003,
         "Adaptive self-regulation of unattainable goals"),
)  # fmt: skip

ADVICES = about("letting-go", (
    advise("name-it", "Say in one word how you are. No need to change it.",
           ALL, 1, NAMING, free=IN_PASSING),
    advise("friend-voice", "Say to yourself what you would say to a friend in your place.",
           ALL, 1, GENTLE, free=IN_PASSING),
    advise("good-enough", "Call one thing good enough and leave it there.",
           ALL, 1, GENTLE, free=IN_PASSING),
    advise("by-name", "Give yourself advice on one small matter, by your own name.",
           ALL, 2, BY_NAME),
    advise("drop-one", "Let go of one thing you no longer want to do.", ALL, 2, RELEASE),
    advise("say-no", "Write one friendly line that says no to something.", DAY, 3, RELEASE),
    advise("worry-page", "Give a worry one page of paper, then fold the page.", LATER, 5, NAMING),
    advise("unfinished", "Leave one thing unfinished on purpose, and see how it looks tomorrow.",
           LATER, 1, free=IN_PASSING),
    advise("low-day", "Make today smaller. Two things are a full day.",
           ALL, 1, GENTLE, free=IN_PASSING, energy="low"),
    advise("day-closes", "Look back over the day once, as you would over a landscape.", EVENING, 2),
))  # fmt: skip
