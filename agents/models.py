"""What agents said, and the candidate tips made of it."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models import CalendarEvent, Task
from oo.lib.encrypted import EncryptedTextField


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
    why = models.CharField(
        max_length=20, default="", db_default="", blank=True
    )  # it was computed: new, changed, expired, asked
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "agent_outputs"
        constraints = [
            models.UniqueConstraint(fields=["user", "agent"], name="one_output_per_agent")
        ]

    def __str__(self) -> str:
        return f"{self.agent} for user {self.user_id}"


class Belief(models.Model):
    """What an agent inferred of a user, with the numbers behind it: see agents.inference.

    The value itself is the user's inferred preference of the same key (accounts.preferences).
    `history` is how many facts it was inferred from, `why` is empty or says why it is the default:
    too_little, failed, unsure.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="beliefs"
    )
    agent = models.CharField(max_length=40)
    key = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    value = models.JSONField(null=True)
    confidence = models.FloatField(default=0)
    evidence = models.JSONField(default=dict)
    history = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=20, blank=True)
    inputs_hash = models.CharField(max_length=64)
    inferred_at = models.DateTimeField()
    took_ms = models.FloatField(default=0)

    class Meta:
        db_table = "agent_beliefs"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_belief_per_key")]

    def __str__(self) -> str:
        return f"{self.key} of user {self.user_id}"


class LlmCall(models.Model):
    """One call of a language model: who for, what it cost, what came of it. Not what was said.

    `text` is empty unless the operator asks for it; then it is sealed, and dropped at `text_until`.
    """

    class Outcome(models.TextChoices):
        OK = "ok"
        TIMEOUT = "timeout"
        REFUSED = "refused"  # by the provider: rate, key, filter
        BROKEN = "broken"  # an answer that can't be read
        FAILED = "failed"  # the network or the provider
        SPENT = "spent"  # not made: a budget was used up
        OPEN = "open"  # not made: the circuit breaker was open
        BUSY = "busy"  # not made: too many at once
        BARRED = "barred"  # not made: the operator or the user wants no model in the cloud

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="llm_calls"
    )
    alias = models.CharField(max_length=20)
    model = models.CharField(max_length=100)
    remote = models.BooleanField(default=False)
    prompt_version = models.CharField(max_length=40, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=8, default=0)  # US dollars
    latency_ms = models.FloatField(default=0)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    note = models.CharField(max_length=200, blank=True)
    text = EncryptedTextField(default="", blank=True)
    text_until = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "llm_calls"
        indexes = [
            models.Index(fields=["at"], name="llm_calls_by_time"),
            models.Index(fields=["user", "at"], name="llm_calls_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.alias} {self.outcome}"


class Writing(models.Model):
    """What a language model last wrote for a user, that the gate let through. One row per user.

    The pool is made of the facts, and of these where they still hold. `context` is the hash of all
    that the model was shown: while it is the same, nobody is asked again. `left_out` names the parts
    that had no room or no business there, `tries` counts what each try brought in, `faults` what the
    gate found by kind. Never a word of the user's, nor of what was refused.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="writing"
    )
    context = models.CharField(max_length=64)
    model = models.CharField(max_length=100, blank=True)
    remote = models.BooleanField(default=False)
    prompt_version = models.CharField(max_length=40)
    tips = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    tries = models.JSONField(default=list)
    faults = models.JSONField(default=dict)
    outcome = models.CharField(
        max_length=20
    )  # written, partly, refused, or why there was no answer
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=8, default=0)  # US dollars
    took_ms = models.FloatField(default=0)
    at = models.DateTimeField()
    again_at = models.DateTimeField()  # not before, whatever changes

    class Meta:
        db_table = "agent_writings"

    def __str__(self) -> str:
        return f"written for user {self.user_id}"


class TaskCluster(models.Model):
    """What an open task was found alike to: the name of its group, and the older task that says the
    same, if any. See agents.cluster.

    A name says nothing: it is a number. It is empty for a task that is like no other. `text_hash` is
    what the task's was when it was looked at.
    """

    task = models.OneToOneField(
        Task, primary_key=True, on_delete=models.CASCADE, related_name="alike"
    )
    cluster = models.CharField(max_length=40, blank=True)
    twin = models.ForeignKey(Task, null=True, on_delete=models.SET_NULL, related_name="+")
    text_hash = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        db_table = "task_clusters"

    def __str__(self) -> str:
        return f"cluster of task {self.task_id}"


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def live(self, now: datetime | models.Expression) -> "CandidateQuerySet":
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
    # What it is about, for variety: a topic of advices, or "work-list" and the like; and which other
    # candidates it is alike to. Never a word of the user's.
    topic = models.CharField(max_length=40, default="", db_default="", blank=True)
    cluster = models.CharField(max_length=40, default="", db_default="", blank=True)
    # The facts that the sentence rests on, by the names of the agents' facts: checked before it is
    # offered, and again whenever they change.
    claims = models.JSONField(default=dict, db_default={})
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
