#!/bin/sh
# Makes .venv hold what `requirements.txt` pins (with the argument `dev`: requirements-dev.txt).
# Plain sh, because nothing else is there yet. Does nothing, quickly, when nothing has changed.
set -eu

wanted=requirements.txt
[ "${1:-}" = dev ] && wanted=requirements-dev.txt
venv=.venv

say() { printf '\033[2m%s\033[0m\n' "$*"; }
fail() { printf '\n%s\n' "$@" >&2; exit 1; }

holds() { cmp -s "$1" "$venv/installed-$1"; }

# What the tests need includes what running needs.
# An upgrade of the system's Python leaves a .venv whose packages its python no longer sees.
if "$venv/bin/python" -c 'import django' 2>/dev/null; then
    if holds "$wanted" || holds requirements-dev.txt; then exit 0; fi
else
    rm -rf "$venv"
fi

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
            2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "no python3")
    fail "oO needs Python 3.11, 3.12 or 3.13, and this machine has $found on its PATH." \
        "Install one of them (Debian 12, Ubuntu 24.04: apt install python3-venv; macOS: brew install" \
        "python@3.13), or name one: make run PYTHON=/path/to/python3.12"
}

# Debian splits ensurepip, without which `python -m venv` fails, into a package of its own.
need_ensurepip() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $package, which Debian keeps apart from Python ..."
        export DEBIAN_FRONTEND=noninteractive
        apt-get install -qq -y "$package" >/dev/null 2>&1 ||
            { apt-get update -qq && apt-get install -qq -y "$package" >/dev/null; }
    else
        fail "This Python can't make virtual environments: its package $package is missing." \
            "Install it and try again:  sudo apt install $package"
    fi
}

if [ ! -d "$venv" ]; then
    python=$(find_python)
    need_ensurepip
    say "Making $venv with $("$python" --version) ..."
    "$python" -m venv "$venv" || { rm -rf "$venv"; fail "python -m venv failed, see above."; }
fi

say "Installing what $wanted pins ..."
rm -f "$venv"/installed-*
"$venv/bin/python" oo/up/install.py "$wanted"
cp "$wanted" "$venv/installed-$wanted"
