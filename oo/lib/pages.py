"""Long lists of the API, a page at a time."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

MOST = 200
FARTHEST = 1_000_000


class Pages(LimitOffsetPagination):
    """`limit` and `offset`, both within what a database can count."""

    default_limit = 50
    max_limit = MOST

    def get_limit(self, request: Request) -> int:
        return _whole(request, self.limit_query_param, self.default_limit or MOST, 1, MOST)

    def get_offset(self, request: Request) -> int:
        return _whole(request, self.offset_query_param, 0, 0, FARTHEST)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        bounds = {self.limit_query_param: (1, MOST), self.offset_query_param: (0, FARTHEST)}
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            least, most = bounds[parameter["name"]]
            parameter["schema"] |= {"minimum": least, "maximum": most}
        return parameters

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


def _whole(request: Request, name: str, otherwise: int, least: int, most: int) -> int:
    said = request.query_params.get(name)
    if said is None:
        return otherwise
    if said.isascii() and said.isdecimal() and len(said) < 20 and least <= int(said) <= most:
        return int(said)
    raise ValidationError({name: [f"A whole number from {least} to {most}."]})
