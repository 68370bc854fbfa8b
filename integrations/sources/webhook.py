"""Whatever the user has that can post: a script, a form, another service."""

from datetime import datetime

from integrations.formats.facts import TaskPull
from integrations.formats.webhook import parse_posted
from integrations.source import TakesPosts


class Webhook(TakesPosts):
    id = "webhook"
    name = "Your own webhook"
    says = (
        "Takes tasks from anything of yours that can post them: a script, a form, another service."
    )

    def understand(self, body: bytes, *, now: datetime) -> TaskPull:
        return parse_posted(body, now=now)
