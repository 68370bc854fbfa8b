"""The net of the neural policy: what it is, and that its file is what its training makes."""

import json

import numpy as np
import pytest

from recommender.bandit import net as net_module
from recommender.bandit.choose import seeded
from recommender.bandit.features import V2
from recommender.bandit.net import FILE, Net, shipped_net
from recommender.bandit.policies.neural import Neural
from recommender.bandit.prior import Prior
from recommender.net_training import KINDS, steps, train

# As few lives as these teach a net nothing, and scikit-learn says so.
pytestmark = pytest.mark.filterwarnings("ignore:.*batch_size", "ignore:Stochastic Optimizer")


@pytest.fixture(scope="module")
def small() -> Net:
    return train(seed=3, people=3, decisions=20, populations=1, hidden=4)


def test_what_it_represents_is_the_input_and_the_hidden_layer():
    net, X = shipped_net(), seeded(1).uniform(-1, 1, (9, 12))
    X[:, 0], X[:, 1] = 1.0, 0.0
    seen = net.represent(X)
    assert np.array_equal(seen[:, :12], X)
    assert seen[:, 12:] == pytest.approx(np.tanh(X @ net.weights), abs=1e-12)
    assert np.abs(seen[:, 12:]).max() > 0.1
    assert np.abs(seen).max() <= 1
    assert net.represent(X[0]) == pytest.approx(seen[0], abs=1e-12)


def test_silence_has_no_hidden_layer():
    X = seeded(1).uniform(-1, 1, (9, 12))
    X[:, 0], X[:, 1] = 0.0, 1.0
    seen = shipped_net().represent(X)
    assert np.array_equal(seen[:, :12], X)
    assert not seen[:, 12:].any()


def test_the_net_that_is_shipped_says_where_it_comes_from():
    net = shipped_net()
    assert "simulated people only" in net.facts["learned_from"]
    assert net.facts["made_by"].startswith("manage.py train_net --seed")
    assert net.facts["rewards"] >= 50_000
    assert net.prior.version == f"net-{net.version}"
    assert net.version in Neural.version
    assert Neural().prior_version == net.prior.version
    assert FILE.stat().st_size < 50_000


def test_the_file_holds_the_numbers_to_the_last_bit():
    net = shipped_net()
    again = Net.from_json(net.to_json())
    assert again.weights.tobytes() == net.weights.tobytes()
    assert again.prior.to_bytes() == net.prior.to_bytes()
    assert (again.version, again.facts) == (net.version, net.facts)
    assert net.to_json() == FILE.read_text(encoding="utf-8").rstrip()


def test_the_file_is_read_once_and_never_to_decide(monkeypatch):
    monkeypatch.setattr(net_module, "FILE", FILE.with_name("gone"))
    policy = Neural()
    policy.pmf(np.zeros((3, 12)), seeded(1))
    policy.learn(np.zeros(12), 1.0)
    Neural.load(policy.state())


def test_nobody_can_write_to_the_net_that_all_share():
    for array in (shipped_net().weights, shipped_net().prior.mean):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


def broken(**changes: object) -> str:
    return json.dumps(json.loads(shipped_net().to_json()) | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"inputs": "v1"},
        {"weights": [[0.0] * 16] * 11},
        {"weights": [[float("nan")] * 16] * 12},
        {"prior": {"version": "x", "mean": [0.0], "precision": [[1.0]], "noise": 0.3}},
    ],
)
def test_a_file_that_is_no_net_is_refused(changes):
    with pytest.raises(ValueError):
        Net.from_json(broken(**changes))


def test_the_net_can_tell_what_a_line_through_its_inputs_can_not():
    """A net of two units that multiplies priority with the hour, near enough."""
    places = [V2.names.index(name) for name in ("priority", "hour_sin")]
    weights = np.zeros((12, 2))
    weights[0] = -2.0
    weights[places] = [[1.0, 1.0], [1.0, -1.0]]
    net = Net("xor", weights, Prior("p", np.zeros(14), np.eye(14)), {})
    X = np.zeros((4, 12))
    X[:, 0] = 1.0
    X[:, places] = [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    wide, product = np.hstack((X, np.ones((4, 1)))), X[:, places[0]] * X[:, places[1]]
    deep = np.hstack((net.represent(X), np.ones((4, 1))))
    assert np.abs(wide @ np.linalg.lstsq(wide, product)[0] - product).max() > 0.9
    assert np.abs(deep @ np.linalg.lstsq(deep, product)[0] - product).max() < 1e-9


def test_training_again_gives_the_same_net_and_tells_its_progress(small):
    told = []
    again = train(
        seed=3, people=3, decisions=20, populations=1, hidden=4, progress=lambda: told.append(1)
    )
    assert again.to_json() == small.to_json()
    assert len(told) == steps(1)


def test_another_seed_makes_another_net(small):
    other = train(seed=4, people=3, decisions=20, populations=1, hidden=4)
    assert other.version != small.version


def test_training_tells_its_facts(small):
    assert small.facts["people"] == 3 * len(KINDS)
    assert small.facts["rewards"] == 60 * len(KINDS)
    assert "--seed 3 --people 3 --decisions 20 --populations 1 --hidden 4" in small.facts["made_by"]
    assert small.prior.mean.size == 12 + 4
