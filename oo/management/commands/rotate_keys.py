"""manage.py rotate_keys: seals every stored token with the first of ENCRYPTION_KEYS."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.utils import timezone

from integrations.models import Connection
from oo.lib.encrypted import CannotDecrypt, EncryptedTextField


class Command(BaseCommand):
    help = "After a new key was put in front of ENCRYPTION_KEYS; then the old one can go."

    def handle(self, *args: Any, **options: Any) -> None:
        sealed = lost = 0
        for model in apps.get_models():
            names = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
            if not names:
                continue
            for key in list(model._base_manager.order_by("pk").values_list("pk", flat=True)):
                try:
                    sealed += _seal_anew(model, key, names)
                except CannotDecrypt:
                    lost += 1
        self.stdout.write(f"{sealed} rows sealed with the newest key.")
        if anew := know_accounts_anew(now=timezone.now()):
            self.stdout.write(
                f"{anew} connections will be read whole, to know under the newest key whose they are. "
                "Keep the old key until they were: an hour, mostly."
            )
        if lost:
            self.stdout.write(f"{lost} rows are opened by no key, and stay as they are.")


def know_accounts_anew(*, now: datetime) -> int:
    """Has every connection whose account is known by a fingerprint under an older key told it anew, which
    a whole read does. Of those that can't be read just now it is forgotten. Returns how many.
    """
    known = Connection.objects.exclude(account="")
    known.exclude(status=Connection.Status.CONNECTED).update(account="")
    return known.update(cursor="", due_at=now)


def _seal_anew(model: type[models.Model], key: object, names: list[str]) -> int:
    # Under the row's lock: a token that a worker refreshes meanwhile must not be put back.
    with transaction.atomic():
        row = model._base_manager.select_for_update().filter(pk=key)
        return sum(row.filter(pk=key).update(**values) for values in row.values(*names))
