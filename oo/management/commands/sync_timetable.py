"""manage.py sync_timetable: the timetable of oo/schedule.py, into django-celery-beat."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from adminconsole.timetable import OURS
from oo.schedule import TIMETABLE, Entry


class Command(BaseCommand):
    help = "Writes the timetable for beat. What ops changed or paused stays as they left it."

    def handle(self, *args: Any, **options: Any) -> None:
        names = {OURS + entry.name for entry in TIMETABLE}
        with transaction.atomic():
            for entry in TIMETABLE:
                _write(entry)
            gone, _ = (
                PeriodicTask.objects.filter(name__startswith=OURS).exclude(name__in=names).delete()
            )
        self.stdout.write(f"{len(names)} entries in the timetable, {gone} removed.")


def _write(entry: Entry) -> None:
    """An entry as it is said in the timetable. One that is there and the same is not touched: beat
    counts from when it was last changed until it has run once.
    """
    says = {"task": entry.job, "description": entry.says}
    row = PeriodicTask.objects.filter(name=OURS + entry.name).first()
    if row is None:
        PeriodicTask.objects.create(
            name=OURS + entry.name,
            expire_seconds=max(60, entry.every_seconds),
            **says,
            **_when(entry),
        )
    elif any(getattr(row, name) != value for name, value in says.items()):
        for name, value in says.items():
            setattr(row, name, value)
        row.save()


def _when(entry: Entry) -> dict[str, Any]:
    if entry.at:
        hour, minute = entry.at.split(":")
        crontab, _ = CrontabSchedule.objects.get_or_create(
            minute=str(int(minute)), hour=str(int(hour)), day_of_week="*", day_of_month="*",
            month_of_year="*", timezone="UTC",
        )  # fmt: skip
        return {"crontab": crontab}
    interval, _ = IntervalSchedule.objects.get_or_create(
        every=entry.every_seconds, period=IntervalSchedule.SECONDS
    )
    return {"interval": interval}
