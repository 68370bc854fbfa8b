"""Short advices, written for oO: calm, concrete, doable now, each with what it stands on."""

from agents.writing.advices.base import Advice, Moment, Work
from agents.writing.advices.library import ADVICES, TOPICS
from agents.writing.advices.select import end_of_moment, fitting, select

__all__ = ["ADVICES", "TOPICS", "Advice", "Moment", "Work", "end_of_moment", "fitting", "select"]
