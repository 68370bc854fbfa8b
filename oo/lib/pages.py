"""Long lists of the API, a page at a time."""

from typing import Any

from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

FARTHEST = 1_000_000


class Pages(LimitOffsetPagination):
    """`limit` and `offset`, both within what a database can count."""

    default_limit = 50
    max_limit = 200

    def get_offset(self, request: Request) -> int:
        return min(super().get_offset(request), FARTHEST)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer"},
                "next": address,
                "previous": dict(address),
                "results": schema,
            },
        }
