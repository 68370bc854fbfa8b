"""Lighthouse on the four pages, signed in, on the server that bench.pages starts.

    python -m bench.lighthouse [--form mobile|desktop] [--runs 3] [--reports FOLDER]

Of several runs the one with the median performance counts: a busy machine blocks a page too.
Needs Node and the npm registry: runs Lighthouse 12.8 through npx. Prints a markdown table and fails
when a page has less than 100 in performance, accessibility or best practices.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.pages import PAGES, URL, Cookie, serving
from tests.services.browser import find_browser

LIGHTHOUSE = "lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices")
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
METRICS = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "cumulative-layout-shift": "shift",
    "total-blocking-time": "blocking",
}


def run(path: str, cookie: Cookie | None, form: str, report: Path) -> dict[str, Any]:
    command = [
        *("npx", "--yes", LIGHTHOUSE, URL + path, f"--chrome-flags={FLAGS}"),
        f"--only-categories={','.join(CATEGORIES)}",
        *("--output=json", f"--output-path={report}", "--quiet"),
    ]
    if form == "desktop":
        command.append("--preset=desktop")
    if cookie:
        headers = json.dumps({"Cookie": f"{cookie.name}={cookie.value}"})
        command.append(f"--extra-headers={headers}")
    chrome = find_browser()
    assert chrome, "No Chromium on the PATH."
    env = {**os.environ, "CHROME_PATH": chrome, "npm_config_loglevel": "error"}
    subprocess.run(command, check=True, env=env)
    return json.loads(report.read_text())


def short_of(found: dict[str, Any]) -> list[str]:
    """What keeps a page from 100."""
    graded = ("binary", "numeric", "metricSavings")
    audits = found["audits"].values()
    return [
        audit["title"]
        for audit in audits
        if audit["scoreDisplayMode"] in graded and (audit["score"] or 0) < 0.9
    ]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--form", choices=["mobile", "desktop"], default="mobile")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--reports", type=Path)
    asked = options.parse_args()
    reports = asked.reports or Path(tempfile.mkdtemp(prefix="oo-lighthouse-"))
    perfect = True
    print(f"| page ({asked.form}) | {' | '.join([*CATEGORIES, *METRICS.values()])} |")
    print(f"|---|{'---|' * (len(CATEGORIES) + len(METRICS))}")
    with serving() as cookie:
        for name, path in PAGES.items():
            who = None if name == "welcome" else cookie
            runs = [
                run(path, who, asked.form, reports / f"{name}-{asked.form}-{number}.json")
                for number in range(asked.runs)
            ]
            runs.sort(key=lambda one: one["categories"]["performance"]["score"] or 0)
            found = runs[len(runs) // 2]
            scores = [round((found["categories"][c]["score"] or 0) * 100) for c in CATEGORIES]
            perfect = perfect and min(scores) == 100
            metrics = [found["audits"][metric]["displayValue"] for metric in METRICS]
            print(f"| {name} | {' | '.join(map(str, [*scores, *metrics]))} |", flush=True)
            if min(scores) < 100:
                print("\n".join(f"  {title}" for title in short_of(found)), file=sys.stderr)
    return 0 if perfect else 1


if __name__ == "__main__":
    sys.exit(main())
