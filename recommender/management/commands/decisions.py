"""manage.py decisions: verify that the log of decisions is whole, and that each can be made again."""

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import User
from recommender.models import Score
from recommender.replay import COLUMNS, Verified, What, as_hashed, heads, verify_user


class End(NamedTuple):
    """The end of someone's chain."""

    user: int
    position: int
    hash: str


class Command(BaseCommand):
    help = (
        "Verifies logged decisions, bit for bit on the kind of machine that made them (on others "
        "scores may differ in their last bits, which is told apart), prints the ends of their "
        "chains, shows one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        verify = does.add_parser(
            "verify", help="make decisions again and compare; exit code 1 if wrong"
        )
        _whose(verify)
        verify.add_argument("--since", help="2026-11-01 or 2026-11-01T10:00: only what came later")
        verify.add_argument(
            "--heads", help="a file that `head` wrote: what it names must still be there"
        )
        verify.add_argument(
            "--strict", action="store_true", help="what can't be replayed is wrong too"
        )
        heads = does.add_parser(
            "head", help="the end of each chain, a JSON line each, to keep elsewhere"
        )
        _whose(heads)
        show = does.add_parser("show", help="all that a decision was made from, as JSON")
        show.add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        {"verify": self._verify, "head": self._head, "show": self._show}[options["does"]](options)

    def _verify(self, options: dict[str, Any]) -> None:
        kept = _kept(options["heads"]) if options["heads"] else []
        verified, wrong = Verified(), Counter[What]()
        users, again = 0, Counter[str]()
        started = timezone.now()
        since = _moment(options["since"])
        for user_id in _users(options):
            users += 1
            for deviation in verify_user(user_id, since=since, verified=verified):
                wrong[deviation.what] += 1
                if deviation.what is What.NOT_INSTALLED:
                    again[deviation.says.split(": ", 1)[1]] += 1
                    continue
                self.stdout.write(f"user {user_id}: {deviation.what}: {deviation.says}")
            if users % 20 == 0 and sys.stderr.isatty():
                self.stderr.write(f"\r{users} people, {verified.decisions} decisions", ending="")
        for why, count in again.items():
            self.stdout.write(f"{count} cannot be replayed: {why}")
        lost = self._lost(kept)
        seconds = (timezone.now() - started).total_seconds()
        self.stdout.write(
            f"{verified.decisions} decisions of {users} people in {seconds:.1f} s: "
            f"{verified.replayed} made again, {verified.pruned} pruned, "
            f"{sum(n for what, n in wrong.items() if what.serious) + lost} wrong."
        )
        if lost or any(what.serious or options["strict"] for what in wrong):
            raise SystemExit(1)

    def _lost(self, kept: list[End]) -> int:
        lost = 0
        for user_id, position, hash_ in kept:
            rows = Score.objects.filter(user=user_id, position=position)
            found = rows.values_list("hash", flat=True).first()
            # Of who left nothing is there any more, and rightly so.
            if found != hash_ and User.objects.filter(pk=user_id, deleted_at=None).exists():
                says = "is missing" if found is None else "has another hash"
                self.stdout.write(f"user {user_id}: no. {position} {says}")
                lost += 1
        return lost

    def _head(self, options: dict[str, Any]) -> None:
        for end in heads(None if options["all"] else _users(options)):
            self.stdout.write(json.dumps(End._make(end)._asdict()))

    def _show(self, options: dict[str, Any]) -> None:
        try:
            row = Score.objects.filter(pk=options["id"]).values(*COLUMNS).first()
        except ValidationError as error:
            raise CommandError(f"{options['id']} is no id of a decision.") from error
        if row is None:
            raise CommandError("There is no such decision.")
        self.stdout.write(json.dumps(as_hashed(row), indent=2, default=str, sort_keys=True))


def _kept(path: str) -> list[End]:
    """The ends of chains that `head` wrote to a file."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        ends = [End(**json.loads(line)) for line in lines if line.strip()]
        return [End(int(end.user), int(end.position), str(end.hash)) for end in ends]
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise CommandError(f"{path} is no file that `decisions head` wrote: {error}") from error


def _whose(parser: Any) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--user", type=int, help="the id of a user")
    whose.add_argument("--email", help="the address of a user")
    whose.add_argument("--all", action="store_true", help="everyone")


def _users(options: dict[str, Any]) -> list[int]:
    """Whose decisions are meant."""
    rows = User.objects.filter(scores__isnull=False)
    if options["user"] is not None:
        rows = User.objects.filter(pk=options["user"])
    elif options["email"]:
        rows = User.objects.filter(email__iexact=options["email"])
    found = list(rows.order_by("pk").values_list("pk", flat=True).distinct())
    if not found and not options["all"]:
        raise CommandError("There is no such user.")
    return found


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)):
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:  # it looks like one, and there is no such day
        moment = None
    if moment is None:
        raise CommandError("--since is a date or a moment, as 2026-11-01 or 2026-11-01T10:00.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
