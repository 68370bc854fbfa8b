"""manage.py events: look into the log, follow it, send parts of it again."""

import json
import re
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from oo.events import log, replay
from oo.events.jobs import mirror_due
from oo.events.models import Inbound, Record
from oo.events.pseudonyms import pseudonym_of, user_of
from oo.lib.jobs import wake

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
BUS = "bus"


class Command(BaseCommand):
    help = "Shows events, follows them, and sends them again to handlers or to the bus."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)

        tail = verbs.add_parser("tail", help="the newest events, oldest of them first")
        _choose(tail)
        tail.add_argument("-n", type=int, default=20, help="how many (20)")
        tail.add_argument(
            "-f", "--follow", action="store_true", help="and what comes, until Ctrl-C"
        )
        tail.add_argument("--parked", action="store_true", help="messages from outside we refused")

        show = verbs.add_parser("show", help="all there is to know about one event")
        show.add_argument("event", help="its number or its uid")

        again = verbs.add_parser("replay", help="sends events again, after asking")
        _choose(again)
        again.add_argument(
            "--to", action="append", required=True, metavar="HANDLER",
            help="recommender.handlers.learn_from_it, or `bus`; may be given more than once",
        )  # fmt: skip
        again.add_argument("--yes", action="store_true", help="don't ask")

        verbs.add_parser("mirror", help="sends what waits for the bus now, in this process")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _tail(self, options: dict[str, Any]) -> None:
        if options["parked"]:
            self._parked(options["n"])
            return
        rows = _chosen(options)
        newest = list(rows.reverse()[: options["n"]])
        for record in reversed(newest):
            self.stdout.write(line(record))
        # Ids commit out of order, so a look back sees what the last one could not.
        seen = {record.pk for record in newest}
        after = max(seen, default=0)
        while options["follow"]:
            self.stdout.flush()
            time.sleep(1)
            for record in rows.filter(pk__gt=after - 1000).exclude(pk__in=seen):
                if record.pk > after or record.occurred_at > timezone.now() - timedelta(minutes=1):
                    self.stdout.write(line(record))
                seen.add(record.pk)
            after = max(seen, default=0)
            seen = {pk for pk in seen if pk > after - 1000}

    def _parked(self, limit: int) -> None:
        rows = list(Inbound.objects.filter(parked=True).order_by("-received_at")[:limit])
        for row in reversed(rows):
            self.stdout.write(
                f"{row.received_at:%Y-%m-%d %H:%M:%S}  {row.subject}  INBOUND #{row.sequence}  "
                f"{row.error}"
            )
        if not rows:
            self.stdout.write("Nothing was refused.")

    def _show(self, options: dict[str, Any]) -> None:
        named = options["event"].lstrip("#")
        key = "pk" if named.isdigit() else "uid"
        if key == "uid" and not re.fullmatch(r"[0-9a-f-]{32,36}", named):
            raise CommandError("An event is named by its number or its uid.")
        record = Record.objects.filter(**{key: named}).first()
        if record is None:
            raise CommandError("There is no such event; after EVENT_RETENTION_DAYS they go.")
        self.stdout.write(f"{record}  {record.uid}")
        self.stdout.write(f"  happened   {record.occurred_at.isoformat()}")
        known = pseudonym_of(record.user_id)
        alias = f", {known} on the bus" if known else ""
        self.stdout.write(f"  user       {record.user_id}{alias}")
        self.stdout.write(f"  says       {json.dumps(record.payload, sort_keys=True)}")
        for name in record.deliveries.order_by("pk").values_list("handler", flat=True):
            self.stdout.write(f"  heard by   {name}")
        delivered = record.delivered_at.isoformat() if record.delivered_at else "not to all yet"
        self.stdout.write(f"  delivered  {delivered}")
        self.stdout.write(f"  mirrored   {_mirrored(record)}")
        if record.error:
            self.stdout.write(f"  trouble    {record.error} (tried {record.attempts} times)")

    def _replay(self, options: dict[str, Any]) -> None:
        rows = _chosen(options)
        handlers = [name for name in options["to"] if name != BUS]
        try:
            plan = replay.plan(rows, handlers)
        except replay.NoSuchHandler as error:
            raise CommandError(
                f"{error} hears none of these events. `events show` tells who does."
            ) from error
        for name, count in plan.handlers.items():
            self.stdout.write(f"{count} events would meet {name} again.")
        if BUS in options["to"]:
            self.stdout.write(f"{plan.events} events would be mirrored again, under their old ids.")
        if not options["yes"]:
            if not sys.stdin.isatty():
                raise CommandError("Nobody is here to ask: add --yes.")
            if input("Type yes to do it: ").strip().lower() != "yes":
                raise CommandError("Nothing was done.")
        if handlers:
            due = replay.to_handlers(rows, handlers, now=timezone.now())
            self.stdout.write(f"{due} events are due again.")
        if BUS in options["to"]:
            self.stdout.write(f"{replay.to_bus(rows)} events wait for the bus.")
            wake(mirror_due)

    def _mirror(self, options: dict[str, Any]) -> None:
        from django.conf import settings

        from oo.events.mirror import mirror

        if not settings.NATS_URL:
            raise CommandError("There is no bus: NATS_URL is not set.")
        total = 0
        while sent := mirror(now=timezone.now):
            total += sent
        left = Record.objects.unmirrored().count()
        self.stdout.write(f"{total} events sent, {left} still wait.")


def _choose(parser: ArgumentParser) -> None:
    parser.add_argument("--subject", default="", help="signals.task.synced, or 'signals.task.*'")
    parser.add_argument("--user", help="their number, or their pseudonym on the bus")
    parser.add_argument("--since", help="30m, 6h, 2d, or a date like 2026-11-21T10:00")


def _chosen(options: dict[str, Any]) -> "QuerySet[Record]":
    since = _moment(options["since"]) if options["since"] else None
    return log.find(subject=options["subject"], user_id=_person(options["user"]), since=since)


def _person(named: str | None) -> int | None:
    if not named:
        return None
    if named.isdigit() and len(named) < 19:
        return int(named)
    user_id = user_of(named)
    if user_id is None:
        raise CommandError(f"{named} is nobody's number or pseudonym.")
    return user_id


def _moment(said: str) -> datetime:
    if short := re.fullmatch(r"(\d{1,6})([smhd])", said):
        return timezone.now() - timedelta(**{UNITS[short[2]]: int(short[1])})
    try:
        found = parse_datetime(said if "T" in said or " " in said else f"{said}T00:00")
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"--since {said}: write 30m, 6h, 2d, or a date like 2026-11-21T10:00")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _mirrored(record: Record) -> str:
    if record.unmirrored:
        return "waits"
    if record.mirror_error:
        return f"never: {record.mirror_error}"
    return record.mirrored_at.isoformat() if record.mirrored_at else "there was no bus"


def line(record: Record) -> str:
    """An event in one line."""
    says = " ".join(f"{key}={value}" for key, value in record.payload.items())
    state = "" if record.delivered_at else "  (waits)"
    return (
        f"{record.occurred_at:%Y-%m-%d %H:%M:%S}  #{record.pk}  {record.subject}  "
        f"user {record.user_id}  {says}{state}"
    )
