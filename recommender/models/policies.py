"""What policies have learned, which of them chooses, and how that came about."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from oo.lib.claim import Claimable
from recommender.models.decisions import Decision


class PolicyState(models.Model):
    """What a policy has learned about one user: a projection of the ledger, rebuilt at will."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="policy_states"
    )
    policy = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    state = models.BinaryField()
    count = models.PositiveIntegerField(default=0)
    through = models.PositiveBigIntegerField(
        default=0
    )  # the last position in the ledger that it holds
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "policy_states"
        constraints = [
            models.UniqueConstraint(fields=["user", "policy"], name="one_state_per_policy")
        ]

    def __str__(self) -> str:
        return f"{self.policy} of user {self.user_id}"


class PolicyRun(Claimable):
    """Something that was worked out about policies, off the request path: what, when, what came of it.

    `numbers` is JSON, by name. "too little" is an outcome like any other. The row is also what is
    sent to MLflow, where there is one: claimed as all work is, `sent_at` when it got there.
    """

    class Kind(models.TextChoices):
        ESTIMATE = "estimate"  # of a population prior
        EVALUATE = "evaluate"  # of a policy, against the live one, from the log
        GATE = "gate"
        GUARD = "guard"
        DRIFT = "drift"
        TURN = "turn"  # has the population turned?
        EXPERIMENT = "experiment"

    class Verdict(models.TextChoices):
        BETTER = "better"
        WORSE = "worse"
        UNDECIDED = "undecided"
        TOO_LITTLE = "too little"  # data: nothing can be said
        PASSED = "passed"
        REFUSED = "refused"
        ALARM = "alarm"
        FAILED = "failed"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    policy = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    against = models.CharField(max_length=40, blank=True)
    against_version = models.CharField(max_length=20, blank=True)
    begins = models.DateTimeField(null=True)  # the window of data looked at
    ends = models.DateTimeField(null=True)
    numbers = models.JSONField(default=dict)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    says = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    mlflow_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "policy_runs"
        verbose_name = "run"
        indexes = [
            models.Index(fields=["-created_at"], name="policy_runs_newest"),
            models.Index(fields=["kind", "policy", "-created_at"], name="policy_runs_of_policy"),
        ]
        constraints = [
            # Two workers can't both take a day for the one on which the population turned.
            models.UniqueConstraint(
                fields=["policy", "ends"], condition=Q(kind="turn"), name="one_look_for_a_turn"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.policy} #{self.pk}"


class PolicyPrior(models.Model):
    """One version of a policy's population prior. Kept while any decision refers to it.

    `epsilon` is what its making spent of the privacy of those who took part, None where nobody's
    data went into it. `pinned` means that an operator chose it: a nightly estimate stands beside it.
    """

    class Source(models.TextChoices):
        SHIPPED = "shipped"
        ESTIMATED = "estimated"

    policy = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    payload = models.BinaryField()
    source = models.CharField(max_length=10, choices=Source.choices)
    people = models.PositiveIntegerField(default=0)
    epsilon = models.FloatField(null=True)
    made_by = models.ForeignKey(PolicyRun, null=True, on_delete=models.SET_NULL, related_name="+")
    current = models.BooleanField(default=False)
    pinned = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "policy_priors"
        verbose_name = "prior"
        constraints = [
            models.UniqueConstraint(fields=["policy", "version"], name="one_prior_per_version"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(current=True), name="one_current_prior"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} of {self.policy}"


class PolicyDeployment(models.Model):
    """From when to when a policy was the one that chose, and why. The row without an end is live.

    `before` is what a roll-back of this one returns to.
    """

    class How(models.TextChoices):
        SETTING = "setting"  # as ACTIVE_POLICY said
        PROMOTED = "promoted"  # the gate let it through
        FORCED = "forced"  # an operator did, past the gate
        ROLLED_BACK = "rolled back"
        GUARD = "guard"  # rolled back by the guard

    policy = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    how = models.CharField(max_length=12, choices=How.choices)
    reason = models.CharField(max_length=300, blank=True)
    before = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    gate = models.ForeignKey(PolicyRun, null=True, on_delete=models.SET_NULL, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "policy_deployments"
        verbose_name = "deployment"
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at=None), name="one_live_policy"
            )
        ]
        indexes = [models.Index(fields=["-began_at"], name="policy_deployments_newest")]

    def __str__(self) -> str:
        return f"deployment #{self.pk} of {self.policy}"


class PolicyExperiment(models.Model):
    """People shared out between policies by a hash of who they are, to see which does better.

    `arms` is a list of `{"name", "policy", "share"}`, the first being what the others are compared
    with. In bandit mode a job moves the shares: `shares` holds, by the ISO date (UTC) from which
    they held, every list of shares there was, since the estimates need them.
    """

    class Mode(models.TextChoices):
        FIXED = "fixed"
        BANDIT = "bandit"

    name = models.SlugField(max_length=40, unique=True)
    mode = models.CharField(max_length=6, choices=Mode.choices, default=Mode.FIXED)
    arms = models.JSONField()
    shares = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "policy_experiments"
        verbose_name = "experiment"
        constraints = [
            # Two at once would have to share people out between them too.
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(started_at__isnull=False, stopped_at=None),
                name="one_running_experiment",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def described(self) -> dict[str, Any]:
        """What is needed to assign people, as JSON. Of the shares only those that may still hold."""
        kept = sorted(self.shares)[-3:]
        return {
            "name": self.name,
            "bandit": self.mode == self.Mode.BANDIT,
            "arms": self.arms,
            "shares": {day: self.shares[day] for day in kept},
        }


class PolicyShadow(Claimable):
    """A policy that decides what was decided already, unseen. One worker at a time is at it.

    All decisions from `begins` up to `swept_to` have been looked at, and those after it that have a
    ShadowScore.
    """

    class Source(models.TextChoices):
        SETTING = "setting"  # SHADOW_POLICIES names it
        OPERATOR = "operator"

    policy = models.CharField(max_length=40, unique=True)
    source = models.CharField(max_length=8, choices=Source.choices)
    running = models.BooleanField(default=True)
    begins = models.DateTimeField()
    swept_to = models.DateTimeField()
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "policy_shadows"
        verbose_name = "shadow"

    def __str__(self) -> str:
        return f"shadow {self.policy}"


class ShadowScore(models.Model):
    """What a shadow would have done with a decision, knowing of the user what was known then.

    `pmf` is its distribution over the decision's actions, in their order (a shadow that is offered
    no silence has no entry for it). `agreement` is the probability that it would have done the same,
    `same_best` whether both put most weight on one action, `expected` the reward it expected of
    what it would have done.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="shadow_scores")
    policy = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    prior_version = models.CharField(max_length=40, blank=True)
    state_count = models.PositiveIntegerField()
    pmf = models.JSONField()
    agreement = models.FloatField()
    same_best = models.BooleanField()
    expected = models.FloatField()
    decided_at = models.DateTimeField()  # when the decision was made, not when this was worked out

    class Meta:
        db_table = "policy_shadow_scores"
        constraints = [
            models.UniqueConstraint(fields=["decision", "policy"], name="one_score_per_shadow")
        ]
        indexes = [models.Index(fields=["policy", "-decided_at"], name="shadow_scores_newest")]

    def __str__(self) -> str:
        return f"{self.policy} on {self.decision_id}"


class Orders(models.Model):
    """What every process serves by: the live policy, the running experiment, the priors under both.

    One row or none, a projection of the tables above: written with them, in one transaction, by
    `recommender.live.changing`. `stamp` is a digest of `says`, so that the request path can tell
    with the query it makes anyway whether it knows the present orders.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    stamp = models.CharField(max_length=32)
    says = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "policy_orders"
        verbose_name_plural = "orders"

    def __str__(self) -> str:
        return f"orders {self.stamp}"
