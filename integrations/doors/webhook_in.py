"""The public door of a user's own endpoints: POST /in/<id>/. Machines come here, nobody signs in."""

import uuid
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from integrations.receive import Refused, receive
from oo.lib.problem import CONTENT_TYPE, shape


@csrf_exempt  # the signature is what proves it; no browser's session counts here
@login_not_required
@never_cache
def webhook_in(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """202 when it is taken, 200 when it was here before, else a problem that says what is wrong."""
    if request.method != "POST":
        reply = _problem(405, "Deliveries are sent by POST.")
        reply["Allow"] = "POST"
        return reply
    if request.content_type != "application/json":
        return _problem(415, "Send JSON, with Content-Type: application/json.")
    if request.headers.get("Transfer-Encoding"):
        return _problem(411, "Send the body in one piece, with its Content-Length.")
    most = min(settings.WEBHOOK_MAX_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    body = request.read(most + 1)
    if len(body) > most:
        return _problem(413, f"The body is larger than {most} bytes. Send fewer tasks at once.")
    if not body:
        return _problem(400, "The body is empty.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        received = receive(connection_id, headers, body, now=timezone.now())
    except Refused as error:
        more = {"errors": [vars(fault) for fault in error.faults]} if error.faults else {}
        reply = _problem(error.status, error.says, **more)
        if error.retry_after is not None:
            reply["Retry-After"] = str(error.retry_after)
        return reply
    status = HTTPStatus.ACCEPTED if received.new else HTTPStatus.OK
    return JsonResponse({"id": received.delivery_id, "new": received.new}, status=status)


def _problem(status: int, says: str, **more: object) -> JsonResponse:
    return JsonResponse(shape(status, says, **more), status=status, content_type=CONTENT_TYPE)
