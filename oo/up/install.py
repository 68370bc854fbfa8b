"""Installs a hashed requirements file into the environment that runs this: by uv, else by pip.

uv does in seconds what takes pip a minute, and reads none of pip's configuration. Whoever gave pip
an index, a mirror or a certificate meant installers, so uv is told the same.
Runs before anything is installed: standard library only.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

FOR_UV = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "cert": ("SSL_CERT_FILE", ""),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", ""),
    "timeout": ("UV_HTTP_TIMEOUT", ""),
    "no-index": ("UV_NO_INDEX", ""),
}


def translate(pip_config: str, environ: Mapping[str, str]) -> dict[str, str]:
    """uv's environment variables for what `pip config list` prints; what is set already stays."""
    values: dict[str, str] = {}
    # pip lists the environment first, and the environment wins: so it is read last.
    for line in reversed(pip_config.splitlines()):
        key, equals, raw = line.partition("=")
        scope, _, name = key.partition(".")
        if equals and scope.rstrip(".") in {"global", "install", ":env:"}:
            try:
                values[name.lstrip(".")] = str(ast.literal_eval(raw.strip()))
            except (ValueError, SyntaxError):
                continue
    told: dict[str, str] = {}
    for name, value in values.items():
        variable, joiner = FOR_UV.get(name, ("", ""))
        words = value.split()
        if name == "find-links":
            words = [word for word in words if "://" in word or Path(word).is_dir()]
        if variable and words and not environ.get(variable):
            told[variable] = joiner.join(words) if joiner else value
    if "UV_INDEX" in told:
        # pip looks for the best version on every index, uv by default on the first that has any.
        told["UV_INDEX_STRATEGY"] = environ.get("UV_INDEX_STRATEGY") or "unsafe-best-match"
    return told


def main(requirements: str) -> int:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    uv = Path(sys.executable).with_name("uv")
    listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    pinned = Path(__file__).with_name("uv.txt")
    # Output is shown only when it fails: pip tells of every index that lacks a package.
    got = subprocess.run(
        [*pip, "install", "--require-hashes", "-r", str(pinned)],
        capture_output=True,
        text=True,
        check=False,
    )
    if got.returncode == 0 and uv.exists():
        command = [str(uv), "pip", "sync", "--quiet", "--require-hashes", requirements]
        environ = {
            **os.environ,
            **translate(listed.stdout, os.environ),
            "VIRTUAL_ENV": sys.prefix,
        }
        if subprocess.run(command, env=environ, check=False).returncode == 0:
            return 0
        print("uv could not install it (see above); trying pip, which is slower ...", flush=True)
    else:
        print("uv is not to be had here; installing with pip, which is slower ...", flush=True)
    return subprocess.run(
        [*pip, "install", "--require-hashes", "-r", requirements], check=False
    ).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
