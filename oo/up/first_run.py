"""The secrets of a new installation, written once into `.env`."""

import base64
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from oo.up.config import read_dotenv

HEADER = """\
# Written by `make run`. Ignored by git, readable by you only. Keep a copy of ENCRYPTION_KEYS:
# without it every connection is lost. All settings: docs/settings.md
"""


def fresh_values() -> dict[str, tuple[str, str]]:
    """Name -> (comment, value) of what an installation can't do without."""
    return {
        "DEBUG": ("On your own machine. Set it to no wherever others can reach it.", "yes"),
        "SECRET_KEY": ("Signs sessions.", secrets.token_urlsafe(50)),
        "ENCRYPTION_KEYS": (
            "Seals tokens and snapshots.",
            base64.urlsafe_b64encode(os.urandom(32)).decode(),
        ),
    }


def write_missing(path: Path, environ: Mapping[str, str]) -> list[str]:
    """Adds to the file what neither it nor the environment has. Returns the names it added.

    What is there is never altered. The file is replaced whole, so it is never half written, and
    no moment exists at which others can read it.
    """
    have = read_dotenv(path)
    missing = {
        name: value
        for name, value in fresh_values().items()
        if not have.get(name) and not environ.get(name)
    }
    if not missing:
        return []
    text = path.read_text(encoding="utf-8") if path.exists() else HEADER
    if not text.endswith("\n"):
        text += "\n"
    text += "".join(
        f"\n# {comment}\n{name}={value}\n" for name, (comment, value) in missing.items()
    )

    # A link to a .env kept elsewhere stays a link. mkstemp gives mode 0600 whatever the umask.
    target = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".env-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return list(missing)
