"""The urgency rule: overdue first, then priority, then newest. Also where every learner starts.

Weights on *scaled* features, in reward units:

    is_overdue     +0.60   0 or 1
    priority       +0.40   0 .. 1 in steps of 1/3, so +0.133 a step
    task_age_days  -0.12   0 .. 1 on a log scale
    is_silence     -0.20   0 or 1: below the least of candidates, so that the rule always speaks

Why these. The order is lexicographic because each weight outweighs all that comes after it: 0.60 >
0.40 + 0.12, and one step of priority 0.133 > 0.12. The scale is that of the reward table: the most
urgent candidate (overdue, priority 4, new) is expected to be done promptly, +1.0; one that nothing
speaks for is expected to bring about nothing. Time of day and weekday weigh 0: being the same for
all candidates of a decision they cannot rank them.

Why STRENGTH = 4. It is noise variance / variance between people, lambda in ridge regression. A
reward spreads about 0.6 around what features explain (the table is coarse), and people's weights
about 0.3 around the rule's, half of its largest weight: 0.36 / 0.09 = 4. Thus the rule counts as
much as four reactions to the same candidate. For simulated people anything from 4 to 16 did about
as well, less did worse.
"""

from functools import cache

import numpy as np

from recommender.bandit.features import FeatureSet
from recommender.bandit.prior import Prior

VERSION = "urgency-2"
WEIGHTS = {"is_overdue": 0.60, "priority": 0.40, "task_age_days": -0.12, "is_silence": -0.20}
STRENGTH = 4.0


@cache
def rule_prior(feature_set: FeatureSet) -> Prior:
    """The rule as mean and STRENGTH * I as precision, for vectors of this set."""
    mean = np.zeros(feature_set.width)
    mean[: len(feature_set.names)] = [WEIGHTS.get(name, 0.0) for name in feature_set.names]
    return Prior(f"{VERSION}/{feature_set.version}", mean, STRENGTH * np.eye(feature_set.width))
