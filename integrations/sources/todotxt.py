"""A todo.txt file that the user hands over: all their tasks, each time."""

from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from django.conf import settings

from accounts.zones import zone_of
from integrations.formats.facts import BadFormat, TaskPull
from integrations.formats.todotxt import parse
from integrations.source import AcceptsFile
from oo.lib.encrypted import fingerprint


class TodoTxt(AcceptsFile):
    id = "todotxt"
    name = "todo.txt"
    says = "Reads the open tasks of a todo.txt file to pick the one that fits now."
    accept = ".txt,text/plain"

    def read(self, file: BinaryIO, *, time_zone: str, now: datetime) -> TaskPull:
        most = settings.UPLOAD_MAX_BYTES
        data = file.read(most + 1)
        if len(data) > most:
            raise BadFormat(
                f"This file is larger than {most / 1_000_000:g} MB. Archive what is done, then try "
                "again."
            )
        pull = parse(data, zone=zone_of(time_zone), now=now)
        # The ids are the user's words until here, and rows hold no words.
        return replace(
            pull,
            open=[
                replace(
                    task,
                    external_id=fingerprint(task.external_id),
                    project_id=task.project_id and fingerprint(task.project_id),
                )
                for task in pull.open
            ],
            closed=[replace(one, external_id=fingerprint(one.external_id)) for one in pull.closed],
            done={fingerprint(external_id): at for external_id, at in pull.done.items()},
        )
