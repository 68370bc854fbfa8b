"""manage.py train_net: the room's training, with its facts on the screen."""

from io import StringIO

import pytest
from django.core.management import call_command

from recommender.bandit.net import FILE, Net
from recommender.management.commands import train_net

SMALL = {"seed": 3, "people": 3, "decisions": 20, "populations": 1, "hidden": 4}
# As few lives as these teach a net nothing, and scikit-learn says so.
pytestmark = pytest.mark.filterwarnings("ignore:.*batch_size", "ignore:Stochastic Optimizer")


def test_a_trial_tells_what_it_made_and_writes_nothing():
    before, out = FILE.read_bytes(), StringIO()
    call_command("train_net", stdout=out, **SMALL)
    assert "learned_from: simulated people only" in out.getvalue()
    assert "6/6\n" in out.getvalue()
    assert "written" not in out.getvalue()
    assert FILE.read_bytes() == before


def test_a_net_that_is_shipped_is_the_one_it_told_of(tmp_path, monkeypatch):
    file, out = tmp_path / "net.json", StringIO()
    monkeypatch.setattr(train_net, "FILE", file)
    call_command("train_net", ship=True, stdout=out, **SMALL)
    net = Net.from_json(file.read_text(encoding="utf-8"))
    assert f"net {net.version}" in out.getvalue()
    assert f"{net.facts['made_by']}" in out.getvalue()
