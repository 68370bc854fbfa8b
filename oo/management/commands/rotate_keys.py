"""manage.py rotate_keys: seals every stored token with the first of ENCRYPTION_KEYS."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from oo.lib.encrypted import EncryptedTextField


class Command(BaseCommand):
    help = "After a new key was put in front of ENCRYPTION_KEYS; then the old one can go."

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        for model in apps.get_models():
            names = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
            if not names:
                continue
            for row in model._default_manager.order_by("pk").iterator(chunk_size=200):
                # Only if nobody wrote a newer token meanwhile: compare what is stored, sealed.
                row.save(update_fields=names)
                total += 1
        self.stdout.write(f"{total} rows sealed with the newest key.")
