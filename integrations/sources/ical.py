"""A calendar as an .ics file that the user uploads."""

from datetime import datetime
from typing import BinaryIO

from django.conf import settings

from integrations.formats.facts import BadFormat, CalendarPull
from integrations.formats.ical_text import refuse_other_files
from integrations.ical_apart import read_apart
from integrations.source import AcceptsFile


class ICalendar(AcceptsFile):
    id = "ical"
    gives = "calendar"
    name = "Calendar file"
    says = "Reads your coming events from an .ics file, to remind you before they begin."
    accept = ".ics,text/calendar"

    def read(self, file: BinaryIO, *, time_zone: str, now: datetime) -> CalendarPull:
        most = settings.UPLOAD_MAX_BYTES
        data = file.read(most + 1)
        if len(data) > most:
            raise BadFormat(
                f"This file is larger than {most / 1_000_000:g} MB. "
                "Export fewer calendars or a shorter time."
            )
        refuse_other_files(data)
        return read_apart(data, time_zone=time_zone, now=now)
