"""All advices, by topic."""

from agents.writing.advices import (
    breaks,
    breathing,
    focus,
    food_and_water,
    letting_go,
    light,
    making,
    movement,
    noticing,
    outside,
    people,
    planning,
    reading,
    rest,
    screen,
    sleep,
    starting,
    tidying,
)

SHELVES = (
    sleep, light, movement, rest, focus, starting, planning, breaks, breathing, food_and_water,
    people, tidying, outside, reading, screen, noticing, letting_go, making,
)  # fmt: skip
ADVICES = tuple(advice for shelf in SHELVES for advice in shelf.ADVICES)
TOPICS = tuple(dict.fromkeys(advice.topic for advice in ADVICES))
