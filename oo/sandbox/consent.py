"""The page where a person says yes. Here, the person also chooses who to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from flask import Response, g, render_template, request

from .grants import Consent
from .oauth import send_back
from .personas import BY_ID, PERSONAS
from .world import the_world

# Cookies do not know ports: the name must not clash with the app's own on localhost.
COOKIE = "oo_sandbox_persona"


def ask(
    service: str,
    consent_of: Callable[[str], Consent],
    *,
    state: str | None,
    redirect_uri: str,
    wishes: list[str],
    choices: Mapping[str, str] | None = None,
) -> Response | str:
    """Show the page, or act on what was chosen there. Each of ``choices`` can be left unticked."""
    if request.method == "GET":
        return _page(service, wishes, redirect_uri, choices or {})
    persona = BY_ID.get(request.form.get("persona", ""))
    if persona is None:
        return send_back(redirect_uri, error="access_denied", state=state)
    return agreed(consent_of(persona.id), state)


def unticked(choices: Iterable[str]) -> set[str]:
    """The choices that the page offered and the person left out."""
    if "choosing" not in request.form:
        return set()
    return set(choices) - set(request.form.getlist("ticked"))


def agreed(consent: Consent, state: str | None) -> Response:
    """Back to the app with a code; the browser remembers who signed in at Google."""
    with the_world().grants(consent.service) as grants:
        code = grants.issue_code(consent)
    response = send_back(consent.redirect_uri, code=code, state=state)
    if consent.service == "google":
        response.set_cookie(COOKIE, consent.persona, httponly=True, samesite="Lax")
    return response


def _page(service: str, wishes: list[str], redirect_uri: str, choices: Mapping[str, str]) -> str:
    last = request.cookies.get(COOKIE) if service == "todoist" else None
    people = sorted(PERSONAS, key=lambda persona: persona.id != last)
    # Chromium holds a form's redirects to form-action too, and ours leads back to the app.
    app = urlsplit(redirect_uri)
    g.form_action = f"{app.scheme}://{app.netloc}"
    return render_template(
        "consent.html",
        service={"google": "Google", "todoist": "Todoist"}[service],
        people=people,
        signed_in=last,
        wishes=_listed(wishes) or "know who you are",
        choices=choices,
    )


def _listed(wishes: list[str]) -> str:
    """``a, b and c``."""
    *most, last = wishes or [""]
    return f"{', '.join(most)} and {last}" if most else last
