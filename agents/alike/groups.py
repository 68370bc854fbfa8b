"""Which vectors belong together. Pure."""

from collections import Counter

import numpy as np

from agents.alike.vectors import Vectors

ALONE = -1

APART = 0.7
"""As far as the members of a group are from each other on average, at most: 0 is the same, 1 nothing
in common. Found on one half of bench/labelled_tasks.tsv; from 0.6 to 0.85 it hardly matters."""


def grouped(rows: Vectors, *, apart: float = APART) -> list[int]:
    """The number of each one's group, ALONE where it is like no other. The same rows, the same groups."""
    found = [ALONE] * len(rows)
    telling = [row for row in range(len(rows)) if np.any(rows[row])]
    if len(telling) < 2:
        return found
    from sklearn.cluster import AgglomerativeClustering

    distances = 1.0 - np.clip(rows[telling] @ rows[telling].T, -1.0, 1.0)
    join = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=apart
    )
    labels = [int(label) for label in join.fit(distances).labels_]
    sizes = Counter(labels)
    for row, label in zip(telling, labels, strict=True):
        if sizes[label] > 1:
            found[row] = label
    return found
