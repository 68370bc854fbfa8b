"""Other people."""

from agents.writing.advices.base import (
    ALL,
    DAY,
    IN_PASSING,
    LATER,
    WORK,
    Ground,
    Work,
    about,
    advise,
)

REACH = Ground(
    "People are gladder of an unexpected message than senders think; several experiments.",
    Work(
        "Liu, Rim, Min and Min",
        2023,
        "The surprise of reaching out: Appreciated more than we think",
    ),
)
VOICE = Ground(
    "A voice brought people closer than text did, and was no more awkward; experiments.",
    Work("Kumar and Epley", 2021,
         "It's surprisingly nice to hear you: Misunderstanding the impact of communication media "
         "can lead to suboptimal choices of how to connect with others"),
)  # fmt: skip
WEAK = Ground(
    "Days with more small talk were better days; diaries of students and adults.",
    Work("Sandstrom and Dunn", 2014,
         "Social interactions and well-being: The surprising power of weak ties"),
)  # fmt: skip
STRANGERS = Ground(
    "Commuters who talked to a stranger enjoyed it more than they expected; field experiments.",
    Work("Epley and Schroeder", 2014, "Mistakenly seeking solitude"),
)
THANKS = Ground(
    "Thanks are welcomed more than those who give them expect; experiments.",
    Work("Kumar and Epley", 2018,
         "Undervaluing gratitude: Expressers misunderstand the consequences of showing appreciation"),
)  # fmt: skip
ASK = Ground(
    "Those who asked follow-up questions were liked more; conversations studied in the lab.",
    Work("Huang, Yeomans, Brooks, Minson and Gino", 2017,
         "It doesn't hurt to ask: Question-asking increases liking"),
)  # fmt: skip
KIND = Ground(
    "Doing something kind lifts the doer a little; experiments pooled.",
    Work("Curry, Rowland, Van Lissa, Zlotowitz, McAlaney and Whitehouse", 2018,
         "Happy to help? A systematic review and meta-analysis of the effects of performing acts of "
         "kindness on the well-being of the actor"),
)  # fmt: skip
PHONES = Ground(
    "Meals with phones on the table were enjoyed a little less; a field experiment.",
    Work("Dwyer, Kushlev and Dunn", 2018,
         "Smartphone use undermines enjoyment of face-to-face social interactions"),
)  # fmt: skip

ADVICES = about("people", (
    advise("message", "Send one kind line to someone you have been thinking of.", ALL, 2, REACH),
    advise("call-friend", "Call someone you like, for five minutes, about nothing in particular.",
           LATER, 5, VOICE),
    advise("send-photo", "Send someone a photo of something you saw and they might like.", ALL, 3, REACH),
    advise("small-talk", "Say a friendly word to the next person you buy something from.",
           DAY, 1, WEAK, free=IN_PASSING),
    advise("neighbour", "Greet one neighbour by name, or learn the name.",
           ALL, 1, WEAK, free=IN_PASSING),
    advise("thank-one", "Thank one person for one thing, in your own words.", ALL, 2, THANKS),
    advise("ask-more", "In your next talk, ask one more question before you answer.",
           ALL, 1, ASK, free=IN_PASSING),
    advise("tea-for-two", "Offer someone near you something to drink.", ALL, 3, KIND),
    advise("phone-off-table", "Leave your phone off the table at the next meal with someone.",
           LATER, 1, PHONES, free=IN_PASSING),
    advise("colleague", "Tell a colleague what you liked about something they made.",
           DAY, 2, THANKS, days="weekday", places=WORK),
    advise("name-a-day", "Suggest a day to someone you would like to see.", ALL, 3, REACH),
    advise("bench", "Talk with someone you would usually only nod to.", DAY, 3, STRANGERS),
))  # fmt: skip
