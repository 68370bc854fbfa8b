"""Doing nothing for a while."""

from agents.writing.advices.base import (
    AFTERNOON,
    ALL,
    DAY,
    EVENING,
    HOME,
    IN_PASSING,
    LATER,
    WORK,
    Ground,
    Work,
    about,
    advise,
)

NAP = Ground(
    "After a short night ten minutes of nap refreshed most; one careful lab study.",
    Work("Brooks and Lack", 2006,
         "A brief afternoon nap following nocturnal sleep restriction: "
         "which nap duration is most recuperative?"),
)  # fmt: skip
WAKEFUL = Ground(
    "A few minutes of quiet after learning helped memory; small studies.",
    Work("Dewar, Alber, Butler, Cowan and Della Sala", 2012,
         "Brief wakeful resting boosts new memories over the long term"),
)  # fmt: skip
RECOVERY = Ground(
    "Letting go of work in free time goes with feeling better; many surveys, few trials.",
    Work("Sonnentag and Fritz", 2007, "The Recovery Experience Questionnaire"),
)
MUSCLES = Ground(
    "An old method with many small trials behind it; it calms most people somewhat.",
    Work("Edmund Jacobson", 1938, "Progressive Relaxation"),
)
MUSIC = Ground(
    "Music chosen in order to relax went with less stress in daily life; observed.",
    Work("Linnemann, Ditzen, Strahler, Doerr and Nater", 2015,
         "Music listening as a means of stress reduction in daily life"),
)  # fmt: skip

ADVICES = about("rest", (
    advise("nap", "Lie down for ten minutes with your eyes closed. Sleep may come or not.",
           AFTERNOON, 10, NAP, places=HOME),
    advise("eyes-shut", "Sitting in a quiet place, close your eyes for a minute. Nothing else.",
           ALL, 1, WAKEFUL, free=2, places=HOME | WORK),
    advise("after-learning", "After the next thing you read, look at nothing for two minutes.",
           DAY, 2, WAKEFUL),
    advise("fists", "Make two fists, hold them for a breath, and let go. Notice the difference.",
           ALL, 1, MUSCLES, free=IN_PASSING),
    advise("jaw", "Let your jaw hang loose and your tongue lie still.",
           ALL, 1, MUSCLES, free=IN_PASSING),
    advise("one-song", "Listen to one piece of music from beginning to end.", ALL, 4, MUSIC),
    advise("work-ends", "Say to yourself that work is over for today, and close its door or its window.",
           EVENING, 1, RECOVERY, days="weekday", free=2),
    advise("half", "Do half of what you had in mind for this evening. Keep the other half free.",
           EVENING, 1, RECOVERY, free=IN_PASSING, energy="low"),
    advise("sofa", "Sit somewhere comfortable for five minutes, without anything in your hands.",
           LATER, 5, places=HOME),
    advise("warm-cup", "Hold a warm cup in both hands until you have finished it.",
           ALL, 5, energy="low"),
))  # fmt: skip
