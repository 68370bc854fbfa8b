"""What the pages weigh: every response of a first visit, compressed as it is really sent.

    python -m bench.pages

Starts the web server as in production (static files collected and compressed), signs a person in,
opens each page in Chromium to learn what it loads, then asks for each of those as a browser does.
Prints a markdown table. `serving` and `PAGES` are used by bench.lighthouse too.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.services import environment
from tests.services.browser import ARGUMENTS, find_browser
from tests.services.redis import RedisServer

PORT = 18_766
URL = f"http://localhost:{PORT}"
PAGES = {"welcome": "/welcome/", "connect": "/connect/", "tip": "/", "settings": "/settings/"}
LIMIT = 30_000
TITLE = "Call the dentist about Thursday"


@dataclass(frozen=True)
class Cookie:
    name: str
    value: str


@contextlib.contextmanager
def serving() -> Iterator[Cookie]:
    """The web server on PORT with one person in it; gives the cookie of their session."""
    folder = Path(tempfile.mkdtemp(prefix="oo-bench-"))
    redis = RedisServer(folder / "redis.sock")
    redis.start()
    os.environ |= {
        **environment.production(folder),
        "ALLOWED_HOSTS": "localhost",
        "BEHIND_PROXY": "",
        "PUBLIC_URL": URL,
        "DATABASE_URL": "",
        "REDIS_URL": f"unix://{folder}/redis.sock",
        "DJANGO_SETTINGS_MODULE": "bench.plain_http",
    }
    for command in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *command], check=True)
    cookie = someone()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "oo.wsgi", "--bind", f"127.0.0.1:{PORT}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"),
            *("--no-control-socket", "--log-level", "warning"),
        ]
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{URL}/healthz")
                break
            time.sleep(0.1)
        yield cookie
    finally:
        server.terminate()
        server.wait()
        redis.kill()


def someone() -> Cookie:
    """A person with Todoist connected and one task, signed in."""
    import django

    django.setup()
    from datetime import timedelta

    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from accounts.models import User
    from agents.models import Candidate
    from integrations import snapshot
    from integrations.models import Connection, Task

    now = timezone.now()
    user = User.objects.create_user("bench@example.com")
    connection = Connection.objects.create(
        user=user, source="todoist", created_at=now, synced_at=now
    )
    task = Task.objects.create(
        user=user, connection=connection, external_id="1", text_hash="1", added_at=now
    )
    snapshot.write(connection.pk, {"task:1": TITLE}, lasts=timedelta(hours=1))
    Candidate.objects.create(
        user=user,
        key="task:1",
        kind="task",
        content="Would now be a good time? {title}",
        source="tasks",
        model="plain",
        prompt_version="plain-1",
        confidence=0.9,
        task=task,
        created_at=now,
        expires_at=now + timedelta(hours=9),
    )
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)


def loaded_by(path: str, cookie: Cookie | None) -> list[str]:
    """The addresses that a first visit to the page asks for, itself, manifest and icon included."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        context = browser.new_context(service_workers="block", timezone_id="UTC")
        if cookie:
            context.add_cookies([{"name": cookie.name, "value": cookie.value, "url": URL}])
        page = context.new_page()
        page.goto(URL + path, wait_until="networkidle")
        assert urlsplit(page.url).path == path, f"{path} led to {page.url}"
        found = page.evaluate(
            """() => [
                location.href,
                ...performance.getEntriesByType("resource").map((entry) => entry.name),
                ...[...document.querySelectorAll("[rel=icon], [rel=manifest]")].map((l) => l.href),
            ]"""
        )
        browser.close()
    return list(dict.fromkeys(found))


def weigh(url: str, cookie: Cookie | None) -> int:
    """Bytes of the body as it comes over the wire."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip, br"})
    if cookie:
        request.add_header("Cookie", f"{cookie.name}={cookie.value}")
    with urllib.request.urlopen(request) as response:
        return len(response.read())


def kind_of(url: str) -> str:
    path = urlsplit(url).path
    for ending, kind in ((".css", "CSS"), (".js", "JS"), (".woff2", "font")):
        if path.endswith(ending):
            return kind
    return "icon and manifest" if path.endswith((".svg", ".webmanifest")) else "HTML"


def main() -> int:
    kinds = ("HTML", "CSS", "JS", "font", "icon and manifest")
    print(f"| page | {' | '.join(kinds)} | all, bytes |\n|---|{'---|' * (len(kinds) + 1)}")
    heaviest = 0
    with serving() as cookie:
        for name, path in PAGES.items():
            who = None if name == "welcome" else cookie
            sizes = dict.fromkeys(kinds, 0)
            for url in loaded_by(path, who):
                sizes[kind_of(url)] += weigh(url, who)
            total = sum(sizes.values())
            heaviest = max(heaviest, total)
            print(f"| {name} | {' | '.join(str(sizes[kind]) for kind in kinds)} | {total} |")
    return 0 if heaviest <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
