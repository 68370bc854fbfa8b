"""manage.py sync_timetable: the timetable of oo/schedule.py, into django-celery-beat."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from adminconsole.timetable import OURS
from oo.schedule import TIMETABLE


class Command(BaseCommand):
    help = "Writes the timetable for beat. What ops changed or paused stays as they left it."

    def handle(self, *args: Any, **options: Any) -> None:
        names = {OURS + entry.name for entry in TIMETABLE}
        with transaction.atomic():
            for entry in TIMETABLE:
                interval, _ = IntervalSchedule.objects.get_or_create(
                    every=entry.every_seconds, period=IntervalSchedule.SECONDS
                )
                PeriodicTask.objects.update_or_create(
                    name=OURS + entry.name,
                    defaults={"task": entry.job, "description": entry.says},
                    create_defaults={
                        "task": entry.job,
                        "description": entry.says,
                        "interval": interval,
                        "expire_seconds": max(60, entry.every_seconds),
                    },
                )
            gone, _ = (
                PeriodicTask.objects.filter(name__startswith=OURS).exclude(name__in=names).delete()
            )
        self.stdout.write(f"{len(names)} entries in the timetable, {gone} removed.")
