"""Eating and drinking with a little attention."""

from agents.writing.advices.base import (
    AFTERNOON,
    ALL,
    DAY,
    EVENING,
    HOME,
    IN_PASSING,
    LATER,
    MORNING,
    Ground,
    Work,
    about,
    advise,
)

WATER = Ground(
    "Being a little short of water dulled mood and attention in small lab studies.",
    Work("Ganio, Armstrong, Casa and others", 2011,
         "Mild dehydration impairs cognitive performance and mood of men"),
)  # fmt: skip
PLANTS = Ground(
    "Plain food, much of it from plants: a journalist's fair summary of what is known.",
    Work("Michael Pollan", 2008, "In Defense of Food"),
)
SAVOUR = Ground(
    "Savouring on purpose goes with more pleasure; small studies.",
    Work("Bryant and Veroff", 2007, "Savoring: A new model of positive experience"),
)

ADVICES = about("food-and-water", (
    advise("water", "Have a glass of water, if you like.",
           ALL, 1, WATER, free=IN_PASSING),
    advise("lunch", "Have your next meal away from a screen.", DAY, 15),
    advise("jug", "Fill a jug or a bottle and put it where you can reach it.", DAY, 2, WATER),
    advise("fruit", "Have some fruit, if you like it, and take your time.",
           ALL, 5, PLANTS),
    advise("first-bite", "Take the first three bites of your next meal slowly.",
           ALL, 2, SAVOUR, free=IN_PASSING),
    advise("breakfast", "If you have breakfast today, have it sitting down.", MORNING, 10,
           hours=(5, 10)),
    advise("set-table", "Before you eat, lay the table nicely.", EVENING, 5, places=HOME),
    advise("soak", "Take one thing out of the cupboard that tomorrow's lunch could be made of.",
           EVENING, 2, places=HOME),
    advise("tea", "Make a pot of tea and let it stand as long as it needs.", LATER, 5, SAVOUR),
    advise("nuts", "Put something that you like to nibble within reach.",
           AFTERNOON, 2, PLANTS),
    advise("add-green", "Add something green to your next meal.", LATER, 3, PLANTS),
))  # fmt: skip
