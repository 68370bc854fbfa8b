"""Vectors of titles: what their words are about, the words, and their letters; no model is needed.

scikit-learn is imported by who asks for vectors, and only workers and commands do. Pure.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.alike.topics import lexicon
from agents.alike.words import fold, words

Vectors = npt.NDArray[np.float64]

# How much each part of a vector counts.
TOPICS, WORDS, LETTERS, MEANING = 1.0, 0.5, 0.5, 0.7
LIGHT = 0.1
"""What is left of a word that tells no topic."""
GRAMS = (3, 5)
SMOOTHED = 256
"""Dimensions that the words and letters of a long list are brought down to."""


def vectors(titles: Sequence[str], meant: Vectors | None = None) -> Vectors:
    """One for each title, of length 1, or of nothing but 0 where a title has no word.

    `meant` are a model's vectors of them, centred: they come beside what is known without. The same
    titles in the same order give the same vectors.
    """
    folded = [" ".join(words(fold(title))) for title in titles]
    if not any(folded):
        return np.zeros((len(folded), 1))
    parts = [TOPICS * _topics(folded), _spelling(folded)]
    if meant is not None:
        worded = np.array([bool(text) for text in folded])[:, None]
        parts.append(MEANING * meant * worded)
    return unit(np.hstack(parts))


def unit(rows: Vectors) -> Vectors:
    """Brought to length 1; what has no length stays as it is."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def middle(rows: Vectors) -> Vectors:
    """What a model's vectors of unrelated texts have in common: see agents.alike.reference."""
    common: Vectors = unit(rows).mean(axis=0)
    return common


def centred(rows: Vectors, common: Vectors) -> Vectors:
    """A model's vectors without their middle: then texts that have nothing to do with each other
    stand about at right angles, whatever the model.
    """
    return unit(unit(rows) - common)


def _topics(folded: Sequence[str]) -> Vectors:
    known = lexicon()
    columns = {topic: column for column, topic in enumerate(known.topics)}
    rows = np.zeros((len(folded), len(columns)))
    for row, text in enumerate(folded):
        for word in text.split():
            for topic, weight in known.weights(word).items():
                rows[row, columns[topic]] += weight
    return unit(rows)


def _spelling(folded: Sequence[str]) -> Vectors:
    """The words and the letters, smoothed by a singular value decomposition where there are many."""
    from scipy.sparse import hstack

    rows = hstack([WORDS * _words(folded), LETTERS * _letters(folded)]).tocsr()
    if min(rows.shape) <= SMOOTHED + 1:
        return rows.toarray()
    from sklearn.decomposition import TruncatedSVD

    return TruncatedSVD(SMOOTHED, algorithm="arpack", random_state=0).fit_transform(rows)


def _words(folded: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    light = lexicon().light
    shape = TfidfVectorizer(analyzer=str.split, sublinear_tf=True)
    rows = shape.fit_transform(folded)
    weights = [LIGHT if word in light else 1.0 for word in shape.get_feature_names_out()]
    return normalize(rows.multiply(weights).tocsr())


def _letters(folded: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    light = lexicon().light
    telling = [" ".join(w for w in text.split() if w not in light) or text for text in folded]
    shape = TfidfVectorizer(analyzer="char_wb", ngram_range=GRAMS, sublinear_tf=True)
    return shape.fit_transform(telling)
