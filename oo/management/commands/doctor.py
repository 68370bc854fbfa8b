"""manage.py doctor: what is missing or wrong, in plain words, with what mends it."""

from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand
from django.utils import timezone

from oo.lib.health import examine

MARK = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


class Command(BaseCommand):
    help = "Says what is missing or wrong with this installation, and what mends it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        failed = False
        for message in checks.run_checks():
            serious = message.is_serious()
            failed = failed or serious
            self._line("fail" if serious else "warn", f"{message.id}: {message.msg}", message.hint)
        for name, finding in examine(timezone.now()).items():
            failed = failed or finding.state == "fail"
            self._line(finding.state, f"{name}: {finding.says}", finding.fix)
        if failed:
            raise SystemExit(1)

    def _line(self, state: str, says: str, fix: str | None) -> None:
        style = {"ok": self.style.SUCCESS, "warn": self.style.WARNING, "fail": self.style.ERROR}
        self.stdout.write(f"{style[state](MARK[state])}  {says}")
        if fix and state != "ok":
            self.stdout.write(f"      {fix}")
