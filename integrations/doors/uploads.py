"""The page where a large file is handed over, and where one sees how far its reading is."""

from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.signed_in import person
from integrations.models import Connection, Upload
from integrations.source import AcceptsExport, sources
from integrations.upload_files import new_file, remove
from integrations.uploads import NO_CONSENT, StillReading, latest, stop_reading, take_in

STILL_READING = "Your last file is still being read. Wait for it, or stop it."


class ToPrivateDisk(FileUploadHandler):
    """Writes what arrives to the private directory, piece by piece, where no memory holds it.

    With `room` False nothing is written: the rest of the body is read off, and dropped.
    """

    def __init__(self, request: HttpRequest | None = None, *, room: bool) -> None:
        super().__init__(request)
        self.room = room
        self.path: Path | None = None
        self._file: BinaryIO | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if not self.room:
            # A browser whose connection is cut while it sends would not see the answer.
            raise StopUpload(connection_reset=False)
        if self.path is not None:
            raise StopUpload(connection_reset=True)  # one file is what the form has
        self.path, self._file = new_file()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._file is not None
        self._file.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        assert self._file is not None
        self._file.flush()
        return UploadedFile(file=self._file, name="export", size=file_size)

    def upload_interrupted(self) -> None:
        self.drop()

    def drop(self) -> None:
        """Nothing of it is left, unless it was taken over meanwhile."""
        if self._file is not None:
            self._file.close()
        if self.path is not None:
            remove(self.path)
            self.path = None


# The handler must be in place before anything looks at the form; the check of its token does.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, source_id: str) -> HttpResponse:
    """The form and how far the last file is; a file posted here waits for a worker."""
    source = _source(source_id)
    if request.method != "POST":
        return _page(request, source)
    before = latest(person(request).pk, source.id)
    # Asked before anything is on disk, where a second large file has no place.
    room = before is None or before.state not in Upload.UNDER_WAY
    arriving = ToPrivateDisk(request, room=room)
    request.upload_handlers = [arriving]
    try:
        return _receive(request, source, arriving)
    finally:
        arriving.drop()


@csrf_protect
def _receive(request: HttpRequest, source: AcceptsExport, arriving: ToPrivateDisk) -> HttpResponse:
    again = redirect("hand_over", source.id)
    if not arriving.room:
        messages.error(request, STILL_READING)
    elif request.FILES.get("file") is None or arriving.path is None:
        messages.error(request, "Choose a file first.")
    elif request.POST.get("consent") != "yes":
        messages.error(request, NO_CONSENT)
    else:
        try:
            take_in(person(request), source, arriving.path, now=timezone.now())
        except StillReading:
            messages.error(request, STILL_READING)
    return again


@never_cache
@require_GET
def upload_state(request: HttpRequest, source_id: str) -> HttpResponse:
    """How far the last file is, for the page that shows it."""
    upload = latest(person(request).pk, _source(source_id).id)
    if upload is None:
        return JsonResponse({"state": "none", "progress": 0, "reason": ""})
    return JsonResponse(
        {"state": upload.state, "progress": upload.progress, "reason": upload.reason}
    )


@require_POST
def upload_stop(request: HttpRequest, source_id: str) -> HttpResponse:
    """The user's file is not read after all. Without a connection the consent ends as well."""
    source, user = _source(source_id), person(request)
    if stop_reading(user, source, now=timezone.now()):
        messages.success(request, "Stopped. The file is gone, and nothing of it was taken.")
    else:
        messages.error(request, _too_late(latest(user.pk, source.id), source))
    return redirect("hand_over", source.id)


def _too_late(last: Upload | None, source: AcceptsExport) -> str:
    if last is None:
        return "There was no file to stop."
    if last.state == Upload.State.DONE:
        return (
            "Too late to stop: the file had been read already. To have oO erase what it took in, "
            f"disconnect {source.name} in your settings."
        )
    return "There was nothing to stop: the file had been refused, and nothing of it was taken."


def _page(request: HttpRequest, source: AcceptsExport) -> HttpResponse:
    user = person(request)
    upload = latest(user.pk, source.id)
    context = {
        "source": source,
        "upload": upload,
        "under_way": upload is not None and upload.state in Upload.UNDER_WAY,
        "connection": Connection.objects.filter(user=user, source=source.id).first(),
        "most_bytes": settings.HEALTH_UPLOAD_MAX_BYTES,
        "most_megabytes": settings.HEALTH_UPLOAD_MAX_BYTES // 1_000_000,
        "days": settings.HEALTH_DAYS,
    }
    return render(request, "integrations/kinds/file_export_page.html", context)


def _source(source_id: str) -> AcceptsExport:
    source = sources.get(source_id) if source_id in sources else None
    if not isinstance(source, AcceptsExport):
        raise Http404
    return source
