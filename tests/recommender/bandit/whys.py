"""Decisions by hand, for the tests of why an action was chosen."""

from datetime import UTC, datetime

from recommender.bandit.explore import greedy
from recommender.bandit.features import V3
from recommender.bandit.ridge import RidgePolicy

MONDAY_MORNING = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


class Learner(RidgePolicy):
    """Learns all interactions and is greedy: the scorer's whole vocabulary without chance."""

    id, version, feature_set = "test-learner", "1", V3

    def scores(self, X):
        return self.expected(X)

    def explore(self, scores, X, rng):
        return greedy(scores, 0.05)


def columns_of(rows):
    """As decisions store them."""
    packed = {}
    for name in sorted({name for row in rows for name in row}):
        column = [row.get(name) for row in rows]
        packed[name] = column[0] if len(set(column)) == 1 else column
    return packed


def rows_of(columns, count):
    """Back to rows, by code that is not the product's."""
    rows = []
    for index in range(count):
        cells = {
            name: column[index] if isinstance(column, list) else column
            for name, column in columns.items()
        }
        rows.append({name: cell for name, cell in cells.items() if cell is not None})
    return rows
