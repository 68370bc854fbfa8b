"""The floors, bottom to top, and the sources of the house as syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.services.environment import ROOT

FLOORS = (
    "oo.lib",
    "oo.events",
    "accounts",
    "integrations",
    "agents",
    "recommender",
    "adminconsole",
)
ROOF = len(FLOORS)  # oo itself: settings, urls, pages, commands


def floor_of(module: str) -> int:
    """How high a module stands."""
    for height, floor in enumerate(FLOORS):
        if module == floor or module.startswith(f"{floor}."):
            return height
    return ROOF


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the house: its dotted name and its file."""
    for top in ("oo", *(floor for floor in FLOORS if "." not in floor)):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if parts[:2] in (("oo", "sandbox"), ("oo", "up")) or "migrations" in parts:
                continue
            yield ".".join(parts).removesuffix(".__init__"), path


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain, else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
