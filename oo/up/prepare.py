"""Brings the database and the timetable up to date, in one process: each start of Django costs."""

import os

from django import setup
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oo.settings")
    setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("sync_timetable")


if __name__ == "__main__":
    main()
