"""A page or two."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    EVENING,
    HOME,
    LATER,
    Ground,
    Work,
    about,
    advise,
)

PAPER = Ground(
    "Longer texts are understood a little better on paper; many studies pooled.",
    Work("Delgado, Vargas, Ackerman and Salmerón", 2018,
         "Don't throw away your printed books: A meta-analysis on the effects of reading media on "
         "reading comprehension"),
)  # fmt: skip
IN_BED = Ground(
    "Asked to read a book in bed, more people felt they slept better; one online trial.",
    Work("Finucane, O'Brien, Treweek and others", 2021,
         "Does reading a book in bed make a difference to sleep in comparison to not reading a book "
         "in bed? The People's Trial"),
)  # fmt: skip
E_READER = Ground(
    "A bright e-reader before bed delayed sleep, a printed book did not; a small lab trial.",
    Work("Chang, Aeschbach, Duffy and Czeisler", 2015,
         "Evening use of light-emitting eReaders negatively affects sleep, circadian timing, and "
         "next-morning alertness"),
)  # fmt: skip
DEEP = Ground(
    "An essay by a reading researcher; thoughtful rather than proof.",
    Work("Maryanne Wolf", 2018, "Reader, Come Home"),
)

ADVICES = about("reading", (
    advise("book", "Read two pages of something made of paper.", EVENING, 5, E_READER),
    advise("book-in-bed", "Take a book to bed tonight, and read until you would rather not.",
           EVENING, 10, IN_BED, places=HOME),
    advise("poem", "Read one poem, twice. The second time aloud.", ALL, 3),
    advise("first-page", "Read the first page of a book you own and have not begun.",
           LATER, 3, DEEP),
    advise("long-article", "Read one longer text to its end, before you open another.",
           ALL, 15, DEEP),
    advise("print-it", "Put the next long text on paper, if you can.", DAY, 3, PAPER),
    advise("book-out", "Put a book where your phone usually lies.", ALL, 1, free=2, places=HOME),
    advise("aloud", "Read a paragraph aloud, to someone or to the room.", LATER, 3),
    advise("put-aside", "Put a book aside that you do not enjoy. There are others.",
           ALL, 1, free=2),
    advise("dictionary", "Look up one word you are not quite sure of.", ALL, 2),
))  # fmt: skip
