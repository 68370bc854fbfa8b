"""What came with the packages: two releases of litellm stole secrets, at every start of Python.

A line with an import in a .pth file runs whenever Python starts, whether or not its package is used.
"""

import sysconfig
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

MALICIOUS = ("1.82.7", "1.82.8")
# Those that run code and are known to: setuptools, virtualenv, editable installs, coverage.
KNOWN = ("distutils-precedence.pth", "_virtualenv.pth", "a1_coverage.pth")
KNOWN_STARTS = ("__editable__", "_editable_impl_")


def version_installed() -> str:
    """Of litellm, without importing it; "" where it is not installed."""
    try:
        return version("litellm") if find_spec("litellm") else ""
    except PackageNotFoundError:
        return ""


def strange_starts(folders: Iterable[Path] = ()) -> list[Path]:
    """The .pth files that run code at every start of Python and that nobody here knows."""
    places = list(folders) or [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    return sorted(
        {
            file
            for place in places
            for file in place.glob("*.pth")
            if file.name not in KNOWN
            and not file.name.startswith(KNOWN_STARTS)
            and _runs_code(file)
        }
    )


def _runs_code(file: Path) -> bool:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.startswith(("import ", "import\t")) for line in lines)
