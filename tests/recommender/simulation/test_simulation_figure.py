"""The figure is one picture that stands alone."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from recommender.simulation.curves import Curve
from recommender.simulation.figure import HEIGHT, figure

SVG = "{http://www.w3.org/2000/svg}"


def made(level, error=0.02, points=40):
    at = np.arange(5, 5 + points)
    return Curve(at, np.full(points, float(level)), np.full(points, float(error)))


def drawn(curves):
    return ET.fromstring(figure(curves, title="Reward <1>", under="a & b"))


def test_every_curve_has_a_line_a_band_and_a_name():
    root = drawn({"one": made(0.4), "two": made(0.7)})
    assert len(root.findall(f"{SVG}polyline")) == 2
    assert len(root.findall(f"{SVG}polygon")) == 2
    names = ["".join(text.itertext()) for text in root.findall(f"{SVG}text")]
    assert "one0.40" in names
    assert "Reward <1>" in names


def test_names_do_not_lie_on_each_other_even_when_curves_end_together():
    root = drawn({f"policy {n}": made(0.5 + n / 1000) for n in range(9)})
    places = sorted(
        float(text.get("y")) for text in root.findall(f"{SVG}text") if "name" in text.get("class")
    )
    assert min(np.diff(places)) > 15
    assert places[-1] < HEIGHT


def test_more_curves_than_colours_are_told_apart_by_dashes():
    lines = drawn({f"policy {n}": made(0.5) for n in range(9)}).findall(f"{SVG}polyline")
    looks = {(line.get("class"), line.get("stroke-dasharray")) for line in lines}
    assert len(looks) == 9


def test_one_seed_has_no_band_and_what_is_not_known_is_left_out():
    lonely = made(0.4, error=np.nan)
    lonely.mean[3] = np.nan
    root = drawn({"lonely": lonely})
    assert root.findall(f"{SVG}polygon") == []
    assert "nan" not in ET.tostring(root, encoding="unicode").lower()


def test_it_is_at_home_in_the_dark_and_asks_nobody_for_anything():
    svg = figure({"bad": made(-0.3)}, title="t", under="u")
    assert "prefers-color-scheme: dark" in svg
    assert svg.count("http") == 1, "the name space only"
    with pytest.raises(ValueError, match="no curve"):
        figure({}, title="t", under="u")
