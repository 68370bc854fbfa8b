"""Where a source tells us of changes: POST /hooks/<source>/. Machines come here, nobody signs in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.hooks import NotGenuine, take_notice
from integrations.source import TellsOfChanges, sources


@csrf_exempt  # the signature is what proves it; no browser's session counts here
@login_not_required
@never_cache
@require_POST
def told(request: HttpRequest, source_id: str) -> HttpResponse:
    """Exactly 200 to all that is genuine, for anything else is sent again; 403 to all that isn't."""
    if source_id not in sources:
        return HttpResponse("There is no such source here.", status=404, content_type="text/plain")
    source = sources.get(source_id)
    assert isinstance(source, TellsOfChanges)
    body = request.read(source.most_bytes + 1)
    if len(body) > source.most_bytes:
        return HttpResponse("That is too large.", status=413, content_type="text/plain")
    try:
        take_notice(
            source_id,
            body,
            signature=request.headers.get(source.signed_in, ""),
            delivery_id=request.headers.get(source.named_in, ""),
            now=timezone.now(),
        )
    except NotGenuine:
        return HttpResponse("The signature is wrong.", status=403, content_type="text/plain")
    return HttpResponse(status=200)
