"""Short advices, written for oO: calm, concrete, doable now."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    id: str
    text: str
    parts: tuple[str, ...]  # parts of the day in which it fits


DAY = ("morning", "afternoon")
ALL = ("morning", "afternoon", "evening")

ADVICES = (
    Advice("window", "Look out of a window for one minute, at the farthest thing you can see.", ALL),
    Advice("water", "Drink a glass of water before the next thing.", ALL),
    Advice("one-tab", "Close what you are not using. Keep one thing open.", DAY),
    Advice("walk", "Walk once around the block, without your phone in your hand.", DAY),
    Advice("first-step", "Take the thing you keep putting off, and do only its first two minutes.", DAY),
    Advice("message", "Send one kind line to someone you have been thinking of.", ALL),
    Advice("stretch", "Stand up, reach for the ceiling, and let your shoulders fall.", ALL),
    Advice("breathe", "Breathe out slowly, five times, longer out than in.", ALL),
    Advice("tidy", "Clear one surface you can see from here.", ALL),
    Advice("morning-light", "Get ten minutes of daylight before noon.", ("morning",)),
    Advice("three-words", "Write down, in three words, what today is for.", ("morning",)),
    Advice("lunch", "Eat the next meal away from a screen.", DAY),
    Advice("wind-down", "Dim one lamp. The day may end slowly.", ("evening",)),
    Advice("tomorrow", "Put one thing for tomorrow where you will see it. Let the rest go.", ("evening",)),
    Advice("book", "Read two pages of something made of paper.", ("evening",)),
)  # fmt: skip
