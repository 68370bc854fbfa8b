"""Reading what a stranger sent as JSON: UTF-8, of a bounded size, without surprises."""

import json
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class JSON(BaseParser):
    """DRF's own parser takes any encoding that Python knows and any depth; this one does not.

    The size was bounded at the door, see `oo.lib.limits`.
    """

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return json.loads(stream.read().decode("utf-8"), parse_constant=_refuse)
        except UnicodeDecodeError as error:
            raise ParseError("That is not UTF-8.") from error
        except ValueError as error:
            raise ParseError(f"That is not JSON: {error}.") from error
        except RecursionError as error:
            raise ParseError("That is nested too deeply.") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")
