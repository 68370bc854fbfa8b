"""What days came to in somebody's health. The records themselves are never kept."""

from django.conf import settings
from django.db import models

from integrations.models.connection import Connection


class HealthDay(models.Model):
    """One measure of one day: minutes asleep or mindful, steps, or heartbeats a minute at rest.

    A night belongs to the day of waking; the day is that of where the person was.
    """

    class Measure(models.TextChoices):
        SLEEP = "sleep"
        STEPS = "steps"
        MINDFUL = "mindful"
        RESTING = "resting"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="health_days"
    )
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="health_days")
    day = models.DateField()
    measure = models.CharField(max_length=8, choices=Measure.choices)
    value = models.FloatField()

    class Meta:
        db_table = "health_days"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "day", "measure"], name="one_value_per_day_and_measure"
            )
        ]
        indexes = [models.Index(fields=["user", "day"], name="health_of_late")]

    def __str__(self) -> str:
        return f"{self.measure} of {self.day}"
