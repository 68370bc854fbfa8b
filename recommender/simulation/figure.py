"""Reward curves as a picture: one SVG file that needs nothing else, at home in light and in dark."""

from collections.abc import Callable, Mapping
from html import escape

import numpy as np

from recommender.simulation.curves import Curve

WIDTH, HEIGHT = 920, 540
LEFT, RIGHT, TOP, BOTTOM = 64, 196, 92, 60
GAP = 19
"""Between the names beside the ends of two curves, in px."""

# Told apart by most kinds of colour vision too; (light, dark).
COLOURS = (
    ("#0b63ce", "#6cb2ff"),
    ("#c2410c", "#ff9d5c"),
    ("#0f7b54", "#4fd19c"),
    ("#9333a8", "#d990ee"),
    ("#8a6a00", "#e3bf4a"),
    ("#b4235a", "#ff86ae"),
    ("#3f6b7d", "#9cc7da"),
)
DASHES = ("", "7 4", "2 4", "10 3 2 3")

Place = Callable[[float], float]
"""Where a value lies, in px."""


def figure(curves: Mapping[str, Curve], *, title: str, under: str) -> str:
    """The SVG of some curves, with a band of two standard errors to either side of each.

    `under` stands below the title. Raises ValueError without curves.
    """
    body = drawing(curves)
    return _FRAME.format(
        width=WIDTH, height=HEIGHT, style=_style(len(curves)), left=LEFT,
        title=escape(title), under=escape(under), body=body,
    )  # fmt: skip


def drawing(curves: Mapping[str, Curve]) -> str:
    """What is within the SVG, (WIDTH, HEIGHT) px: without title, and colourless, for a page that has
    a style of its own. Classes are rule, zero, mark, axis, and band, line, name with c0, c1, ...
    """
    if not curves:
        raise ValueError("there is no curve to draw")
    low, high = _bounds(curves)
    first = min(int(curve.at[0]) for curve in curves.values())
    last = max(int(curve.at[-1]) for curve in curves.values())

    def x(at: float) -> float:
        return LEFT + (at - first) / max(last - first, 1) * (WIDTH - LEFT - RIGHT)

    def y(score: float) -> float:
        return TOP + (high - score) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid(x, y, low, high, first, last)]
    parts += [_band(curve, x, y, low, high, number) for number, curve in enumerate(curves.values())]
    parts += [_line(curve, x, y, number) for number, curve in enumerate(curves.values())]
    parts.append(_names(curves, y))
    parts.append(
        f'<text class="axis" x="{LEFT + (WIDTH - LEFT - RIGHT) / 2:.1f}" y="{HEIGHT - 16}" '
        'text-anchor="middle">decisions of a person</text>'
    )
    return "\n".join(parts)


def _bounds(curves: Mapping[str, Curve]) -> tuple[float, float]:
    """From 0 to 1, and below 0 in tenths where a curve goes there."""
    lowest = min(float(np.nanmin(curve.mean)) for curve in curves.values())
    return min(0.0, float(np.floor(max(lowest, -1.0) * 10) / 10)), 1.0


def _grid(x: Place, y: Place, low: float, high: float, first: int, last: int) -> str:
    step = 0.2 if high - low <= 1.2 else 0.4
    marks = [round(mark, 1) for mark in np.arange(np.ceil(low / step) * step, high + 1e-9, step)]
    lines = [
        f'<line class="{"zero" if mark == 0 else "rule"}" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
        f'y1="{y(mark):.1f}" y2="{y(mark):.1f}"/>'
        f'<text class="mark" x="{LEFT - 10}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark:.1f}</text>'
        for mark in marks
    ]
    every = next(
        size
        for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9)
        if (last - first) / size <= 9
    )
    lines += [
        f'<text class="mark" x="{x(at):.1f}" y="{HEIGHT - BOTTOM + 20}" '
        f'text-anchor="middle">{at}</text>'
        for at in range(-(-first // every) * every, last + 1, every)
    ]
    return "\n".join(lines)


def _band(curve: Curve, x: Place, y: Place, low: float, high: float, number: int) -> str:
    known = np.isfinite(curve.error) & np.isfinite(curve.mean)
    if not known.any():
        return ""
    upper = np.minimum(curve.mean + 2 * curve.error, high)[known]
    lower = np.maximum(curve.mean - 2 * curve.error, low)[known]
    at = curve.at[known]
    points = [f"{x(a):.1f},{y(s):.1f}" for a, s in zip(at, upper, strict=True)]
    points += [f"{x(a):.1f},{y(s):.1f}" for a, s in zip(at[::-1], lower[::-1], strict=True)]
    return f'<polygon class="band c{number % len(COLOURS)}" points="{" ".join(points)}"/>'


def _line(curve: Curve, x: Place, y: Place, number: int) -> str:
    points = " ".join(
        f"{x(a):.1f},{y(s):.1f}"
        for a, s in zip(curve.at, curve.mean, strict=True)
        if np.isfinite(s)
    )
    dash = DASHES[number // len(COLOURS) % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline class="line c{number % len(COLOURS)}"{dashed} points="{points}"/>'


def _names(curves: Mapping[str, Curve], y: Place) -> str:
    """Each curve's name and last score beside its end, moved apart where ends are close."""
    ends = [
        (y(float(curve.mean[np.isfinite(curve.mean)][-1])) + 4, number, name, curve)
        for number, (name, curve) in enumerate(curves.items())
    ]
    ends.sort(key=lambda end: end[0])
    places: list[float] = []
    for wanted, *_ in ends:
        places.append(max(wanted, places[-1] + GAP) if places else wanted)
    over = places[-1] - (HEIGHT - BOTTOM + 4)
    if over > 0:
        places = [max(place - over, TOP + 4 + i * GAP) for i, place in enumerate(places)]
    return "\n".join(
        f'<text class="name c{number % len(COLOURS)}" x="{WIDTH - RIGHT + 12}" y="{place:.1f}">{escape(name)}'
        f'<tspan class="end" dx="8">{float(curve.mean[np.isfinite(curve.mean)][-1]):.2f}</tspan></text>'
        for place, (_, number, name, curve) in zip(places, ends, strict=True)
    )


def _style(count: int) -> str:
    used = COLOURS[:count]
    light = "".join(_colour(n, colour) for n, (colour, _) in enumerate(used))
    dark = "".join(_colour(n, colour) for n, (_, colour) in enumerate(used))
    return _PLAIN + light + "@media (prefers-color-scheme: dark) {" + _DARK + dark + "}"


def _colour(number: int, colour: str) -> str:
    return (
        f".line.c{number}{{stroke:{colour}}}.band.c{number}{{fill:{colour}}}"
        f".name.c{number}{{fill:{colour}}}"
    )


_PLAIN = """
svg{background:#fff;font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",sans-serif}
.paper{fill:#fff}
.title{font-size:19px;font-weight:600;fill:#14181d}
.under,.axis{font-size:13px;fill:#5b6570}
.mark{font-size:12px;fill:#5b6570;font-variant-numeric:tabular-nums}
.rule{stroke:#e6e9ec}.zero{stroke:#9aa4ae}
.line{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
.band{opacity:.13}
.name{font-size:13.5px;font-weight:600}
.end{font-weight:400;font-variant-numeric:tabular-nums}
"""
_DARK = """
svg{background:#0b0d0f}.paper{fill:#0b0d0f}
.title{fill:#f1f4f6}.under,.axis,.mark{fill:#9ba5af}
.rule{stroke:#23282d}.zero{stroke:#5d666f}.band{opacity:.18}
"""
_FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" \
aria-label="{title}: {under}">
<style>{style}</style>
<rect class="paper" width="{width}" height="{height}"/>
<text class="title" x="{left}" y="38">{title}</text>
<text class="under" x="{left}" y="62">{under}</text>
{body}
</svg>
"""
