"""The files of uploads: in a private directory, for as long as they are read and no longer."""

import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import models, transaction

from integrations.models import Upload

ARRIVING = ".arriving"
# A file that belongs to no upload is one that arrives, or one that a crash has left.
LEFT_BEHIND_SECONDS = 3600

log = logging.getLogger(__name__)


def folder() -> Path:
    """Ours alone, whoever else is on this machine."""
    path = Path(settings.UPLOAD_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(upload_id: uuid.UUID) -> Path:
    return folder() / str(upload_id)


def new_file() -> tuple[Path, BinaryIO]:
    """An empty file of a name that nobody chose, for what arrives."""
    path = folder() / f"{uuid.uuid4()}{ARRIVING}"
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    return path, os.fdopen(descriptor, "w+b")


def remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()


def discard(rows: "models.QuerySet[Upload]") -> int:
    """Forgets uploads and removes their files, those under way too. Returns how many rows went."""
    with transaction.atomic():
        # Locked, so that one whose reading ends this moment is still one of `rows`, or stays.
        ids = list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
        gone = Upload.objects.filter(pk__in=ids).delete()[0]
        # After the commit, so that no upload is without its file: whoever reads it now finds its
        # row gone at the end, and takes nothing in.
        for upload_id in ids:
            transaction.on_commit(partial(remove, path_of(upload_id)))
    return gone


def left_behind(*, now: datetime) -> Iterator[Path]:
    """Files that no upload under way has claim to, since long enough."""
    under_way = Upload.objects.filter(state__in=Upload.UNDER_WAY).values_list("pk", flat=True)
    known = {str(upload_id) for upload_id in under_way}
    before = now.timestamp() - LEFT_BEHIND_SECONDS
    for path in folder().iterdir():
        with suppress(FileNotFoundError):
            if path.name not in known and path.stat().st_mtime < before:
                yield path
