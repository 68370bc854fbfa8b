"""What the import linter can't see: keys by string, addresses by name, and the clock."""

import ast
import re

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from tests.house.floors import FLOORS, ROOF, dotted, floor_of, sources, tree
from tests.services.environment import ROOT

# The navigation is the roof's: base.html. Every page may lead to the tip, which is what oO is.
HOME = "tip"
DOORS = (
    "views", "api", "jobs", "handlers", "pages", "middleware", "authentication", "adapter",
    "dashboard",
)  # fmt: skip
BEHIND_DOORS = (".admin.", ".doors.", ".management.commands.")
CLOCKS = {
    "timezone.now", "timezone.localtime", "timezone.localdate", "datetime.now", "datetime.utcnow",
    "datetime.today", "date.today", "datetime.datetime.now", "datetime.date.today", "time.time",
    "time.localtime", "time.gmtime", "time.time_ns",
}  # fmt: skip
CHANCE = {"random.random", "random.choice", "random.randint", "np.random.default_rng", "Random"}


def names_of_addresses() -> dict[str, int]:
    """Each name of an address that is ours, and the floor of its view."""
    found: dict[str, int] = {}

    def walk(resolver: URLResolver) -> None:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                walk(entry)
            elif isinstance(entry, URLPattern) and entry.name:
                view = getattr(entry.callback, "cls", entry.callback)
                module = getattr(view, "view_class", view).__module__
                if floor_of(module) < ROOF or module.startswith("oo."):
                    found.setdefault(entry.name, floor_of(module))

    walk(get_resolver())
    return found


def test_foreign_keys_point_down_or_sideways():
    for model in apps.get_models():
        height = floor_of(model.__module__)
        for field in model._meta.get_fields():
            if height < ROOF and field.is_relation and not field.auto_created:
                target = field.related_model
                assert not isinstance(target, str)
                assert target is not None
                above = floor_of(target.__module__)
                assert above <= height or above == ROOF, f"{model._meta.label}.{field.name}"


def test_no_floor_asks_for_an_address_above_it():
    heights = names_of_addresses()
    assert heights["settings"] == FLOORS.index("integrations")
    wrong = []
    for module, path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and node.args:
                called = dotted(node.func).rpartition(".")[2]
                first = node.args[0]
                if called in ("reverse", "reverse_lazy", "redirect") and isinstance(
                    first, ast.Constant
                ):
                    name = str(first.value)
                    if name != HOME and heights.get(name, 0) > floor_of(module):
                        wrong.append(f"{module}: {called}({name!r})")
    assert wrong == []


def test_no_page_links_to_an_address_above_its_floor():
    heights = names_of_addresses()
    wrong = []
    for floor in FLOORS:
        for path in (ROOT / floor.replace(".", "/")).glob("templates/**/*.html"):
            names = re.findall(r"{%\s*url\s+['\"]([^'\"]+)", path.read_text(encoding="utf-8"))
            wrong += [
                f"{path.relative_to(ROOT)}: {name}"
                for name in names
                if name != HOME and heights.get(name, 0) > floor_of(floor)
            ]
    assert wrong == []


def is_door(module: str) -> bool:
    within = f".{module}."
    return module.rpartition(".")[2] in DOORS or any(part in within for part in BEHIND_DOORS)


def reads_the_clock(call: ast.Call) -> bool:
    name = dotted(call.func)
    converts = name in ("timezone.localtime", "timezone.localdate") and bool(call.args)
    return name in CLOCKS and not converts


def test_below_the_doors_nobody_looks_at_the_clock():
    wrong = []
    for module, path in sources():
        if is_door(module):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and reads_the_clock(node):
                wrong.append(f"{module}:{node.lineno} {dotted(node.func)}")
            auto = {"auto_now", "auto_now_add"}
            if isinstance(node, ast.keyword) and node.arg in auto and module != "accounts.models":
                wrong.append(f"{module}:{node.value.lineno} {node.arg}")
    assert wrong == []


def test_below_the_doors_nobody_throws_dice_of_their_own():
    wrong = [
        f"{module}:{node.lineno} {dotted(node.func)}"
        for module, path in sources()
        if not is_door(module)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and dotted(node.func) in CHANCE and not node.args
    ]
    assert wrong == []


def test_words_that_say_nothing_name_no_module():
    vague = {"utils", "helpers", "services", "managers", "state", "common", "misc"}
    assert [m for m, _ in sources() if vague & set(m.split("."))] == []
