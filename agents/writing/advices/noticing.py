"""What is good, without making much of it."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    EVENING,
    IN_PASSING,
    LATER,
    MORNING,
    Ground,
    Work,
    about,
    advise,
)

COUNTED = Ground(
    "Writing down what one is grateful for lifts mood a little; often tried, small effects.",
    Work("Davis, Choe, Meyers and others", 2016,
         "Thankful for the little things: A meta-analysis of gratitude interventions"),
)  # fmt: skip
BLESSINGS = Ground(
    "Weekly notes of good things went with feeling better; trials, later ones found less.",
    Work("Emmons and McCullough", 2003,
         "Counting blessings versus burdens: An experimental investigation of gratitude and "
         "subjective well-being in daily life"),
)  # fmt: skip
SAVOUR = Ground(
    "Savouring on purpose goes with more pleasure; small studies.",
    Work("Bryant and Veroff", 2007, "Savoring: A new model of positive experience"),
)
STEPS = Ground(
    "Small steps forward made good working days; from thousands of diary pages.",
    Work("Amabile and Kramer", 2011, "The Progress Principle"),
)

ADVICES = about("noticing", (
    advise("one-good", "Write down one thing that went well today, in plain words.",
           EVENING, 2, COUNTED),
    advise("three-sounds", "Listen for three sounds around you.", ALL, 1, SAVOUR, free=IN_PASSING),
    advise("small-luck", "Find one small thing near you that does its work well.",
           ALL, 1, SAVOUR, free=IN_PASSING),
    advise("colour", "Pick a colour and find it five times from where you are.",
           ALL, 1, free=IN_PASSING),
    advise("done-list", "Note three things you got done, however small.", EVENING, 3, STEPS),
    advise("handmade", "Find one thing in the room that somebody made by hand.",
           LATER, 1, free=IN_PASSING),
    advise("taste", "Notice the next thing you taste as if it were new.",
           ALL, 1, SAVOUR, free=IN_PASSING),
    advise("photo-one", "Take one photo of something ordinary that you like.", DAY, 2, SAVOUR),
    advise("morning-wish", "Name one thing you look forward to today.",
           MORNING, 1, SAVOUR, free=IN_PASSING),
    advise("helped-by", "Recall someone who made a day of yours easier.",
           EVENING, 1, BLESSINGS, free=IN_PASSING),
))  # fmt: skip
