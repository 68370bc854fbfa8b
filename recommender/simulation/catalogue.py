"""The worlds by name."""

from recommender.simulation.life import Life
from recommender.simulation.linear import Alike, Individual, Mixed
from recommender.simulation.special import Quiet, Shift
from recommender.simulation.world import World

WORLDS: dict[str, type[World]] = {
    world.name: world for world in (Mixed, Alike, Individual, Quiet, Shift, Life)
}
