"""Fewer things that blink."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    IN_PASSING,
    LATER,
    Ground,
    Work,
    about,
    advise,
)

BATCHES = Ground(
    "Notifications three times a day left people calmer than a constant flow or none; one field trial.",
    Work("Fitz, Kushlev, Jagannathan, Lewis, Paliwal and Ariely", 2019,
         "Batching smartphone notifications can improve well-being"),
)  # fmt: skip
MAIL = Ground(
    "Checking mail three times a day went with less stress; one field trial.",
    Work("Kushlev and Dunn", 2015, "Checking email less frequently reduces stress"),
)
GREY = Ground(
    "Students with a grey screen used their phones less; one study.",
    Work("Holte and Ferraro", 2020, "True colors: Grayscale setting reduces screen time in college students"),
)  # fmt: skip
FEWER = Ground(
    "Students who kept social media to half an hour a day felt less lonely; one trial.",
    Work("Hunt, Marx, Lipson and Young", 2018,
         "No more FOMO: Limiting social media decreases loneliness and depression"),
)  # fmt: skip
LESS = Ground(
    "A well-argued case for fewer, better tools; an essay rather than a study.",
    Work("Cal Newport", 2019, "Digital Minimalism"),
)

ADVICES = about("screen", (
    advise("mute-one", "Mute one app that talks more than it tells.", ALL, 2, BATCHES),
    advise("mail-close", "Close your mail for half an hour, if today allows it.", DAY, 1, MAIL, free=2),
    advise("grey", "Set your phone to grey for the rest of the day.", LATER, 2, GREY),
    advise("home-screen", "Move one app off your first screen.", ALL, 2, LESS),
    advise("face-down", "Turn your phone face down for the next ten minutes.",
           ALL, 10, BATCHES, free=IN_PASSING),
    advise("unfollow", "Stop following one thing that you scroll past each time.", ALL, 2, LESS),
    advise("log-off-hour", "Choose an hour this evening without a screen in it.",
           LATER, 1, LESS, free=2),
    advise("paper-list", "Copy what is left for today onto a slip of paper and close the rest.",
           DAY, 3, LESS),
    advise("feed-hour", "Give your feeds one half hour today, at a time you choose.",
           DAY, 1, FEWER, free=2),
))  # fmt: skip
