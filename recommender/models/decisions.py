"""Decisions, why they were made, and how people answered."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.models import Candidate


class Decision(models.Model):
    """One tip chosen for one user, or silence. While it is open, it is what they see."""

    SILENCE = "silence"  # the kind of a decision to say nothing; the others are of candidates

    class Status(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        EXPIRED = "expired"
        KEPT = "kept"  # a silence that ran out, and was learned from
        UNTRUE = "untrue"  # done or gone in its source, its connection cut, or a silence overtaken

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
            models.Index(
                fields=["created_at"],
                name="silences_unsettled",
                condition=Q(kind="silence", status="expired"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {str(self.pk)[:8]}"


class Score(models.Model):
    """Why a decision was made: all it was made from, enough to make it again. Written once.

    Columns, one entry for each action, in one order, silence last when it was offered:
    `candidates` (ids, null for silence), `scores`, `propensities`, in `features` by raw name, and in
    `written` the model and prompt behind each. What is the same for all (the moment) is one value
    instead of a list. `through` is how far in the ledger of rewards the policy's state had come, so
    that the state can be made again too. `mixed` is why these were the ones to choose from: see
    recommender.mix; empty where that was not asked, as before there was mixing.

    The rows of one person are a chain: see recommender.chain. Retention empties the columns of what
    nobody answered, leaves their digest in `payload_digest`, which is "" until then, and sets
    `pruned_at`.
    """

    decision = models.OneToOneField(
        Decision, primary_key=True, on_delete=models.CASCADE, related_name="score"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scores"
    )
    position = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    payload_digest = models.CharField(max_length=64, blank=True, default="")
    chosen = models.PositiveSmallIntegerField()
    candidates = models.JSONField()
    features = models.JSONField()
    scores = models.JSONField()
    propensities = models.JSONField()
    written = models.JSONField(default=dict)
    mixed = models.JSONField(default=dict, db_default={})
    feature_set = models.CharField(max_length=20)
    policy = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=20)
    prior_version = models.CharField(max_length=40, blank=True)
    state_count = models.PositiveIntegerField()
    through = models.PositiveBigIntegerField(default=0)
    seed = models.BigIntegerField()
    experiment = models.CharField(max_length=40, blank=True)
    arm = models.CharField(max_length=40, blank=True)
    fell_back_from = models.CharField(max_length=40, blank=True)
    fell_back_because = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=60)
    prompt_version = models.CharField(max_length=40)
    latency_us = models.PositiveIntegerField()
    pruned_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tip_scores"
        constraints = [
            # Two web processes can't both continue one chain.
            models.UniqueConstraint(fields=["user", "position"], name="one_decision_per_link")
        ]

    def __str__(self) -> str:
        return f"score of {self.decision_id}"


class Feedback(models.Model):
    """How a user answered a tip: once. The reward is settled once, and then stands in the ledger."""

    class Reaction(models.TextChoices):
        DONE = "done"
        SNOOZE = "snooze"
        DISMISS = "dismiss"
        SHOW = "show"  # to silence: "show me one anyway"

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

    class Meta:
        db_table = "tip_feedback"
        verbose_name = "reaction"
        constraints = [
            models.CheckConstraint(
                condition=Q(reward__isnull=True) | Q(reward__gte=-1, reward__lte=1),
                name="reward_in_range",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="feedback_unsettled", condition=Q(reward__isnull=True)
            ),
            models.Index(fields=["user", "-created_at"], name="feedback_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.reaction} to {self.decision_id}"


class Reward(models.Model):
    """The ledger of what was learned about a user: rows are added, never changed or taken out.

    What a policy knows after `through` = k is the fold of rows 1 to k. A row says what a decision
    is worth from here on: it replaces what an earlier row said of the same decision, and None takes
    it back. A row without a decision begins anew: all before it no longer counts.

    `folded_at` is no part of the fact: it tells who sweeps that the row has been learned.
    """

    class Why(models.TextChoices):
        SETTLED = "settled"  # the user reacted, or a silence ran out
        LATE = "late"  # something learned later corrects it
        UNDONE = "undone"
        RESET = "reset"
        TURNED = "turned"  # what was learned before the population turned is set aside

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rewards"
    )
    position = models.PositiveBigIntegerField()
    decision = models.ForeignKey(
        Decision, null=True, on_delete=models.CASCADE, related_name="rewards"
    )
    reward = models.FloatField(null=True)
    why = models.CharField(max_length=8, choices=Why.choices)
    at = models.DateTimeField()
    folded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tip_rewards"
        constraints = [
            models.UniqueConstraint(fields=["user", "position"], name="one_reward_per_position"),
            models.CheckConstraint(
                condition=Q(reward__isnull=True) | Q(reward__gte=-1, reward__lte=1),
                name="learned_reward_in_range",
            ),
            models.CheckConstraint(
                condition=Q(why__in=["reset", "turned"], decision__isnull=True, reward__isnull=True)
                | Q(why="undone", decision__isnull=False, reward__isnull=True)
                | Q(why__in=["settled", "late"], decision__isnull=False, reward__isnull=False),
                name="reward_says_what_it_is",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"], name="rewards_to_fold", condition=Q(folded_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"reward {self.position} of user {self.user_id}"
