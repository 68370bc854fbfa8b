"""What was tried in the laboratory: simulated people only, nobody real."""

from django.db import models


class SimRun(models.Model):
    """One comparison of policies in a simulated world.

    `scores` by policy and stretch ("1-20") holds `mean`, `error` (null for one seed) and `each`
    seed's; `curves` by policy holds `at`, `mean` and `error`. Both are empty until the first seed
    is through, and hold what is through of a run that was interrupted. `versions` says which version
    of each installed policy took part. `heard_at` is the last sign of life of whoever runs it.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        INTERRUPTED = "interrupted"
        FAILED = "failed"

    world = models.CharField(max_length=40)
    policies = models.JSONField()
    versions = models.JSONField(default=dict)
    seeds = models.JSONField()
    people = models.PositiveIntegerField()
    decisions = models.PositiveIntegerField()
    options = models.JSONField(default=dict)  # candidates, silence, judge, ...
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.RUNNING)
    made = models.PositiveBigIntegerField(default=0)  # decisions so far
    scores = models.JSONField(default=dict)
    curves = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sim_runs"
        verbose_name = "simulation"
        indexes = [models.Index(fields=["-started_at"], name="sim_runs_newest")]

    def __str__(self) -> str:
        return f"simulation {self.pk} of {self.world}"


class SimEvent(models.Model):
    """One decision of one policy for one simulated person, and what came of it."""

    run = models.ForeignKey(SimRun, on_delete=models.CASCADE, related_name="events")
    seed = models.BigIntegerField()
    policy = models.CharField(max_length=60)
    person = models.PositiveIntegerField()
    cluster = models.PositiveSmallIntegerField()
    k = models.PositiveIntegerField()
    day = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    chosen = models.PositiveSmallIntegerField()
    count = models.PositiveSmallIntegerField()
    worth = models.FloatField()
    best = models.FloatField()
    reward = models.FloatField()
    delay = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "sim_events"
        verbose_name = "simulated decision"
        indexes = [
            models.Index(fields=["run", "policy", "person", "k"], name="sim_events_of_run"),
        ]

    def __str__(self) -> str:
        return f"decision {self.k} of person {self.person}"
