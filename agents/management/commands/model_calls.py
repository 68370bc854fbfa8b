"""`manage.py model_calls`: the last calls of language models, and what was said where that is kept."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from agents.models import LlmCall
from oo.lib.encrypted import CannotDecrypt


class Command(BaseCommand):
    help = "The last calls of language models. With --text also what was said, where it is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--last", type=int, default=20, help="how many (20)")
        parser.add_argument(
            "--text", action="store_true", help="it has users' own words in it: LLM_LOG_TEXT_HOURS"
        )

    def handle(self, *, last: int, text: bool, **options: Any) -> None:
        rows = LlmCall.objects.order_by("-pk").defer("text")[: max(last, 0)]
        for call in reversed(rows):
            cost = f", ${call.cost:.5f}" if call.remote else ""
            self.stdout.write(
                f"{call.at:%Y-%m-%d %H:%M:%S} {call.alias} {call.model} {call.outcome} "
                f"{call.tokens_in}+{call.tokens_out} tokens, {call.latency_ms:.0f} ms{cost} {call.note}"
            )
            if text and call.text_until:
                self.stdout.write(_said(call))


def _said(call: LlmCall) -> str:
    try:
        return json.dumps(json.loads(call.text), ensure_ascii=False, indent=1)
    except CannotDecrypt:
        return "(sealed with a key that is gone)"
    except ValueError:
        return "(nothing)"
