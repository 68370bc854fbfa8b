"""The system's Chromium, driven by Playwright."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ARGUMENTS = (
    "--no-sandbox",  # tests run as root in containers, where Chromium's own sandbox can't start
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--metrics-recording-only",
    "--mute-audio",
    "--force-color-profile=srgb",
)


def find_browser() -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in (*NAMES, *MACOS) if (path := shutil.which(name))), None)
