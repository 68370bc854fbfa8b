"""The web process: memory, start time, and what it does not import.

    python -m bench.process

Each figure is the median of five fresh processes, beside a bare Django with the admin and DRF.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.services import environment

HEAVY = ("litellm", "sklearn", "scipy", "pandas")

OO = """
from oo.wsgi import application
from django.urls import get_resolver
get_resolver().url_patterns
"""

BARE = """
from django.conf import settings
settings.configure(
    SECRET_KEY="x", ALLOWED_HOSTS=["*"], ROOT_URLCONF="bare",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                    "django.contrib.sessions", "django.contrib.messages", "rest_framework"],
)
import sys, types
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from django.contrib import admin
from django.urls import path, get_resolver
import rest_framework.views
sys.modules["bare"] = types.SimpleNamespace(urlpatterns=[path("admin/", admin.site.urls)])
get_resolver().url_patterns
"""

PROBE = """
import json, resource, sys, time
started = time.perf_counter()
{body}
took = time.perf_counter() - started
rss = next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmRSS"))
heavy = [name for name in {heavy!r} if name in sys.modules]
print(json.dumps([took, rss / 1024, heavy]))
"""


def probe(body: str) -> tuple[float, float, list[str]]:
    """Seconds to be ready, MiB resident, heavy modules imported: medians of five processes."""
    runs = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", PROBE.format(body=body, heavy=HEAVY)],
                env={**os.environ, **environment.development(Path(folder))},
                capture_output=True,
                text=True,
                check=True,
            )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    seconds, mib = (statistics.median(run[i] for run in runs) for i in (0, 1))
    return seconds, mib, runs[0][2]


def main() -> None:
    bare, ours = probe(BARE), probe(OO)
    print("| process | start, s | memory, MiB | heavy imports |")
    print("|---|---|---|---|")
    print(f"| bare Django, admin, DRF | {bare[0]:.2f} | {bare[1]:.0f} | {bare[2] or 'none'} |")
    print(f"| oO's web process | {ours[0]:.2f} | {ours[1]:.0f} | {ours[2] or 'none'} |")
    print(f"| ratio | {ours[0] / bare[0]:.2f} | {ours[1] / bare[1]:.2f} | |")


if __name__ == "__main__":
    main()
