"""How the console's templates show what the floors say."""

import re

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from recommender.contenders import TITLE

register = template.Library()

DOTTED = re.compile(r"\w+(\.\w+)+")
COMMANDS = ("manage.py ", "celery ", "make ", "python ")


@register.filter
def fix(text: str) -> SafeString:
    """A finding's fix: commands, and what stands between backticks, as code."""
    if text.startswith(COMMANDS):
        return format_html("<code>{}</code>", text)
    parts = re.split(r"`([^`]+)`", text)
    shown = (
        format_html("<code>{}</code>", part) if number % 2 else conditional_escape(part)
        for number, part in enumerate(parts)
    )
    return mark_safe("".join(shown))  # noqa: S308  (every part was escaped)


@register.filter
def dotted(text: str) -> SafeString:
    """A dotted name that may go on in the next line after a dot, and not within a word."""
    if not DOTTED.fullmatch(text):
        return conditional_escape(text)
    return format_html_join(SafeString(".<wbr>"), "{}", ((part,) for part in text.split(".")))


@register.filter
def content(text: str) -> SafeString:
    """A candidate's content, with a mark where the page puts the user's own words."""
    before, mark, after = text.partition(TITLE)
    words = SafeString('<span class="oo-words">their words</span>') if mark else ""
    return format_html("{}{}{}", before, words, after)
