"""The few ways in which a model may speak around a person's own words. Pure.

A list of plain words can't hold free sentences: "Walk into the lake" is made of them. So what a model
writes around {title} is put together of pieces, each harmless alone and together: something small, a
little time, a calm way, a beginning. No piece names a thing, a place, a person or a deed of its own.
"""

import re

_MANY = "two three four five ten fifteen twenty"
_HOW = (
    "small short slow little quiet calm gentle tiny first simple light easy good plain unhurried "
    "peaceful kind soft steady"
)
_SIZE = "step start beginning moment minute look part piece bit page line pause round try while"
_SIZES = "steps moments minutes parts pieces lines pages"


def _any(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


def _one_of(*pieces: str) -> str:
    return f"(?:{'|'.join(pieces)})"


_HOWS = rf"(?:{_any(_HOW)}(?:,? (?:and )?{_any(_HOW)})? )?"
_BIT = _one_of(
    rf"(?:just |only )?(?:an?|one|the) {_HOWS}{_any(_SIZE)}(?: or two)?",
    rf"(?:just )?(?:an?|one|the) next {_any('step piece bit part line page')}",
    rf"(?:just )?(?:{_any(_MANY)}|a few|a couple of|some) {_HOWS}{_any(_SIZES)}",
    "half an hour",
    "a quarter of an hour",
    "a little time",
    "some time",
)
# How, and when: may stand before and behind.
_CALMLY = _one_of(
    "perhaps", "maybe", "if you like", "if it fits", "if it suits", "gently", "calmly", "slowly",
    "quietly", "without hurry", "with no hurry", "for a start", "to start(?: with)?",
    "to begin(?: with)?", "step by step", "bit by bit", "little by little", "piece by piece",
    "line by line", "page by page", "one step at a time", "one piece at a time",
    rf"at (?:a|an) {_HOWS}pace", "in peace", "and that is enough",
)  # fmt: skip
_NOW = _one_of(
    "now", "for now", "today", "next", "first", "here", "this morning", "this afternoon",
    "this evening", "before lunch", "before noon",
    rf"in (?:a|an) {_HOWS}moment", "when there is (?:a moment|room|time)", "while it is quiet",
    "at {time}", "by {time}", "before {time}", "{time}",
)  # fmt: skip
_BREATH = r"(?:one|a) (?:(?:slow|calm|quiet|deep) )?breath(?: first)?(?:,? (?:and )?then)?"
_LIGHT = _one_of(_CALMLY, _NOW, _BREATH)
_FOR = "(?:for|with|of|on|to|towards|at|into)"
# What is begun is what {title} stands for: after these comes nothing but a bit of it.
_DO = _one_of(
    rf"(?:begin|start|go on|carry on|continue)(?: (?:small|{_any('gently calmly slowly quietly here now')}))?"
    rf"(?: (?:on|with))?(?: {_BIT}(?: {_FOR})?)?",
    rf"(?:take up|open|finish|return to|come back to|turn to)(?: {_BIT} of)?",
    rf"look at(?: {_BIT}(?: of)?)?",
    rf"(?:take|give|keep|spend|set aside|make|try|allow) {_BIT}(?: {_FOR})?",
    rf"give it {_BIT}",
    rf"for {_BIT}",
    "give",
    rf"make (?:a little |some )?(?:room|time)(?: {_FOR})?",
    rf"make (?:a|an) {_HOWS}(?:start|beginning)(?: {_FOR})?",
    rf"take (?:a|an) {_HOWS}look(?: at)?",
    "have a look(?: at)?",
)
_GOOD = _one_of(
    "(?:is|are|would be|could be|might be) (?:enough|plenty|good|fine)", "(?:would|will) do",
    rf"(?:is|would be|could be|might be) (?:a|an) {_HOWS}{_any('start beginning moment step time')}",
    "(?:could|might|may) (?:fit|begin|start|come next|come first|be next|be first|have its moment)",
    "fits(?: here| now| well)?", "could be good for", "(?:begins|starts|is)(?= (?:at )?{time})",
)  # fmt: skip
_MOMENT = _one_of(
    rf"(?:would|could|might) (?:now|this) be (?:a|an|the) {_HOWS}(?:moment|time) for",
    rf"(?:is )?(?:now|this)(?: is| could be| might be| may be)? (?:a|an|the) {_HOWS}(?:moment|time)(?: for)?",
    rf"(?:a|an) {_HOWS}(?:moment|time) for",
    "(?:is )?there(?: is| could be| may be| might be)? (?:a little |some )?(?:room|time) for",
    "(?:a little )?(?:room|time) for", "how about", "what about",
    "would you like to (?:begin|start)(?: small)?(?: with)?", "next could be", "next up",
    "(?:and )?it (?:begins|starts)", "what begins",
)  # fmt: skip
_CORE = _one_of(_DO, rf"{_BIT}(?: {_FOR}| {_GOOD})?", _GOOD, _MOMENT)
_GAP = r",? (?:and |then |and then )?"
_BEFORE = rf"(?:{_LIGHT}{_GAP}){{0,2}}{_CORE}(?:{_GAP}{_LIGHT}){{0,2}}"
_ONLY_LIGHT = rf"{_LIGHT}(?:{_GAP}{_LIGHT}){{0,2}}"
_LEAD = rf"(?:{_BEFORE}|{_ONLY_LIGHT})"
_TITLE = "(?:“{title}”|{title})"
_AFTER = rf"(?:[,:]?(?: and| then)? {_LEAD})?"
_FORM = re.compile(
    rf"(?:{_LEAD}[:,.?…]? )?{_TITLE}{_AFTER}[.?]?".replace("{title}", r"\{title\}").replace(
        "{time}", r"\{time\}"
    )
)
# A word twice presses: "now, now". These may come again.
_GLUE = frozenset(("a", "an", "the", "one", "of", "for", "at", "to", "and", "with", "on", "by", "it", "is",
                   "little", "bit", "piece", "line", "page", "step", "begin", "small"))  # fmt: skip
# Not wrong, but nobody speaks so: what hangs at the end, "an small", "and and".
_CLUMSY = re.compile(
    r"\b(?:for|of|on|to|towards|at|into|and|then|open|give|up|(?<!begin )(?<!start )with)[.?]?$"
    r"|\ba [aeiou]|\ban (?!easy|unhurried|hour)|and (?:then )?and|[,:][.?]?$"
)
_OF_A_TIME = re.compile(r"\b(?:it begins|it starts|begins|starts|what begins)\b")
# A task is due at its time, and begins whenever it is begun; an event begins then, and not before.
_OF_AN_EVENT = re.compile(rf"{_OF_A_TIME.pattern}|\bis (?:at )?\{{time\}}")
_AT_TIME = {
    "task": re.compile(r"\b(?:at|by|before) \{time\}"),
    "event": re.compile(r"\b(?:at|begins|starts) \{time\}"),
}

VOCABULARY = frozenset(re.findall(r"[a-z]+", re.sub(r"\{\w+\}|\\\w", " ", f"{_LEAD} {_AFTER}")))


def frames(text: str) -> bool:
    """Whether a text is nothing but a lead-in to {title}, or a few calm words behind it."""
    said = text[:1].lower() + text[1:]
    said = re.sub(r"(?<=[.?…] )[A-Z]", lambda found: found.group().lower(), said)
    if _CLUMSY.search(said) or ("{time}" not in said and _OF_A_TIME.search(said)):
        return False
    words = [word for word in re.findall(r"[a-z]+", said) if word not in _GLUE]
    return len(words) == len(set(words)) and _FORM.fullmatch(said) is not None


def tells_the_time(text: str, *, event: bool) -> bool:
    """Whether what is said of {time} holds of an event that begins then, or of a task that is due."""
    said = text.lower()
    if "{time}" in said and not _AT_TIME["event" if event else "task"].search(said):
        return False
    return event or not _OF_AN_EVENT.search(said)
