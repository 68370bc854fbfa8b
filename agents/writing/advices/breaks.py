"""Short pauses."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    IN_PASSING,
    WORK,
    Ground,
    Work,
    about,
    advise,
)

MICRO = Ground(
    "Breaks of up to ten minutes made people livelier and less tired; trials pooled.",
    Work("Albulescu, Macsinga, Rusu, Sulea, Bodnaru and Tulbure", 2022,
         '"Give me a break!" A systematic review and meta-analysis on the efficacy of micro-breaks '
         "for increasing well-being and performance"),
)  # fmt: skip
BRIEF = Ground(
    "Two short breaks kept attention up over an hour; one experiment.",
    Work("Ariga and Lleras", 2011,
         'Brief and rare mental "breaks" keep you focused'),
)  # fmt: skip
EYES = Ground(
    "Looking away from screens eases the eyes; advised widely, tested little.",
    Work(
        "Sheppard and Wolffsohn",
        2018,
        "Digital eye strain: prevalence, measurement and amelioration",
    ),
)
TOMATO = Ground(
    "A method many people like; little tested.",
    Work("Francesco Cirillo", 2006, "The Pomodoro Technique"),
)

ADVICES = about("breaks", (
    advise("window", "Look out of a window for one minute, at the farthest thing you can see.",
           ALL, 1, EYES, free=2),
    advise("blink", "Blink slowly ten times and look at something far away.",
           ALL, 1, EYES, free=IN_PASSING),
    advise("five-off", "Take five minutes off. No screen, no purpose.", DAY, 5, MICRO),
    advise("leave-desk", "Leave your desk for the time it takes to fetch a drink.",
           DAY, 3, MICRO, places=WORK),
    advise("before-next", "Let one minute pass between what you finished and what comes next.",
           DAY, 1, BRIEF, free=2),
    advise("kettle", "Wait for the kettle without filling the wait.", ALL, 3, MICRO),
    advise("timer", "Set a timer for twenty-five minutes. When it rings, get up.", DAY, 25, TOMATO),
    advise("other-chair", "Sit in another chair for a few minutes.", ALL, 3),
    advise("hands", "Wash your hands slowly, with warm water.", ALL, 2, energy="low"),
    advise("real-pause", "Make the next pause a real one: away from where you work.",
           DAY, 5, MICRO, days="weekday"),
))  # fmt: skip
