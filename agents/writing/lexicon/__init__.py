"""What oO does not say, in the languages it can read. Words only: the rules are in agents.writing.lint."""

from agents.writing.lexicon.base import Language
from agents.writing.lexicon.dutch import DUTCH
from agents.writing.lexicon.english import ENGLISH
from agents.writing.lexicon.french import FRENCH
from agents.writing.lexicon.german import GERMAN
from agents.writing.lexicon.spanish import SPANISH

LANGUAGES = {one.code: one for one in (ENGLISH, GERMAN, FRENCH, SPANISH, DUTCH)}

__all__ = ["LANGUAGES", "Language"]
