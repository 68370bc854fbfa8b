"""Decisions, why they were made, how people answered, and what was learned."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.models import Candidate


class Decision(models.Model):
    """One tip chosen for one user. While it is open, it is the tip they see."""

    class Status(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        EXPIRED = "expired"
        UNTRUE = "untrue"  # done or gone in its source, or its connection was cut

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="decisions"
    )
    candidate = models.ForeignKey(
        Candidate, null=True, on_delete=models.SET_NULL, related_name="decisions"
    )
    kind = models.CharField(max_length=10)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    policy = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    propensity = models.FloatField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tip_views"
        constraints = [
            # What makes two devices asking at once get one and the same tip.
            models.UniqueConstraint(
                fields=["user"], condition=Q(status="open"), name="one_open_tip_per_user"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="decisions_of_user"),
            models.Index(fields=["-created_at"], name="decisions_newest"),
            models.Index(fields=["expires_at"], name="decisions_open", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {str(self.pk)[:8]}"


class Score(models.Model):
    """Why a decision was made: all it was made from, enough to make it again.

    Columns, one entry for each candidate, in one order: `candidates` (ids), `scores`,
    `propensities`, and in `features` by raw name. A feature that is the same for all candidates
    (the moment) is one number instead of a list.
    """

    decision = models.OneToOneField(
        Decision, primary_key=True, on_delete=models.CASCADE, related_name="score"
    )
    chosen = models.PositiveSmallIntegerField()
    candidates = models.JSONField()
    features = models.JSONField()
    scores = models.JSONField()
    propensities = models.JSONField()
    feature_set = models.CharField(max_length=20)
    policy = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    prior_version = models.CharField(max_length=40, blank=True)
    state_count = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    fell_back_from = models.CharField(max_length=40, blank=True)
    fell_back_because = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=60)
    prompt_version = models.CharField(max_length=40)
    latency_us = models.PositiveIntegerField()

    class Meta:
        db_table = "tip_scores"

    def __str__(self) -> str:
        return f"score of {self.decision_id}"


class Feedback(models.Model):
    """How a user answered a tip: once. The reward is settled once and learned once.

    `learned_order` is its place among all rewards this user's policy learned, so that a rebuild
    folds them in the same order and gets the same numbers. A reset sets `forgotten_at` instead.
    """

    class Reaction(models.TextChoices):
        DONE = "done"
        SNOOZE = "snooze"
        DISMISS = "dismiss"

    decision = models.OneToOneField(
        Decision, primary_key=True, on_delete=models.CASCADE, related_name="feedback"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feedback"
    )
    reaction = models.CharField(max_length=8, choices=Reaction.choices)
    dwell_ms = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    reward = models.FloatField(null=True)
    settled_at = models.DateTimeField(null=True)
    learned_order = models.PositiveBigIntegerField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tip_feedback"
        verbose_name = "reaction"
        constraints = [
            models.UniqueConstraint(fields=["user", "learned_order"], name="one_place_in_order"),
            models.CheckConstraint(
                condition=Q(reward__isnull=True) | Q(reward__gte=-1, reward__lte=1),
                name="reward_in_range",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="feedback_unsettled", condition=Q(reward__isnull=True)
            ),
            models.Index(
                fields=["user", "settled_at"],
                name="feedback_unlearned",
                condition=Q(learned_order__isnull=True, forgotten_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reaction} to {self.decision_id}"


class PolicyState(models.Model):
    """What a policy has learned about one user: a projection of their feedback, rebuilt at will."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="policy_states"
    )
    policy = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    state = models.BinaryField()
    count = models.PositiveIntegerField(default=0)
    through = models.PositiveBigIntegerField(default=0)  # the last learned_order it holds
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "policy_states"
        constraints = [
            models.UniqueConstraint(fields=["user", "policy"], name="one_state_per_policy")
        ]

    def __str__(self) -> str:
        return f"{self.policy} of user {self.user_id}"
