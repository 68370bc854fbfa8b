"""What agents said, and the candidate tips made of it."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models import CalendarEvent, Task


class AgentOutput(models.Model):
    """The snippet an agent last gave for a user: text without the user's words, and its facts."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="agent_outputs"
    )
    agent = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    text = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    confidence = models.FloatField(default=1.0)
    inputs_hash = models.CharField(max_length=64)
    computed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    took_ms = models.FloatField(default=0)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "agent_outputs"
        constraints = [
            models.UniqueConstraint(fields=["user", "agent"], name="one_output_per_agent")
        ]

    def __str__(self) -> str:
        return f"{self.agent} for user {self.user_id}"


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def live(self, now: datetime) -> "CandidateQuerySet":
        """Those that may be shown now: neither retired, expired nor resting, and still true."""
        return self.filter(
            Q(resting_until__isnull=True) | Q(resting_until__lte=now),
            Q(task__isnull=True) | Q(task__closed_at__isnull=True),
            retired_at__isnull=True,
            expires_at__gt=now,
        )


class Candidate(models.Model):
    """A tip waiting to be chosen. `content` holds `{title}` where the user's own words go."""

    class Kind(models.TextChoices):
        TASK = "task"
        ADVICE = "advice"
        INSIGHT = "insight"
        REMINDER = "reminder"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="candidates"
    )
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    content = models.CharField(max_length=300)
    source = models.CharField(max_length=30)
    model = models.CharField(max_length=60)
    prompt_version = models.CharField(max_length=40)
    confidence = models.FloatField()
    task = models.ForeignKey(Task, null=True, on_delete=models.CASCADE, related_name="candidates")
    event = models.ForeignKey(
        CalendarEvent, null=True, on_delete=models.CASCADE, related_name="candidates"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    resting_until = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        db_table = "tip_candidates"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_candidate_per_key")
        ]
        indexes = [
            models.Index(
                fields=["user", "expires_at"],
                name="candidates_live",
                condition=Q(retired_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
