"""As an operator runs it, DEBUG off: in a process of its own, with the environment of the docs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services.environment import ROOT, production

LOOK = """
import django, json, sys
django.setup()
from django.test import Client
replies = {}
client = Client(headers={"host": "oo.example.com"})
for name, path, headers in json.load(sys.stdin):
    reply = client.get(path, headers=headers)
    replies[name] = [reply.status_code, dict(reply.headers)]
from django.conf import settings
names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "DEBUG"]
replies["settings"] = {name: getattr(settings, name) for name in names}
print(json.dumps(replies))
"""


def run(tmp_path: Path, *command: str, stdin: str = "", **changed: str) -> Any:
    env = {**os.environ, **production(tmp_path), "SANDBOX_URL": "", **changed}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**env, "DJANGO_SETTINGS_MODULE": "oo.settings"},
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def deploy_check(tmp_path: Path, **changed: str) -> tuple[int, str]:
    command = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    done = run(tmp_path, *command, **changed)
    return done.returncode, done.stdout + done.stderr


def test_the_deployment_checks_have_nothing_to_say(tmp_path):
    status, said = deploy_check(tmp_path)
    assert status == 0, said


DANGEROUS = {
    "SECRET_KEY": "", "ENCRYPTION_KEYS": "", "SANDBOX_URL": "http://localhost:9",
    "ADMIN_TOKEN": "short", "PUBLIC_URL": "http://oo.example.com",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (DANGEROUS, {"E001", "E002", "E003", "E005", "W001"}),
        ({"ENCRYPTION_KEYS": "not-a-key"}, {"E004"}),
    ],
)
def test_what_would_be_dangerous_is_refused_each_with_a_hint(tmp_path, changed, found):
    status, said = deploy_check(tmp_path, **changed)
    assert status != 0
    assert set(re.findall(r"accounts\.([EW]\d+)", said)) == found, said
    assert said.count("HINT:") >= len(found)


def test_https_is_insisted_on_and_hosts_are_known(tmp_path):
    secure = {"x-forwarded-proto": "https"}
    asked = [
        ("plain", "/api/schema", {}),
        ("secure", "/api/schema", secure),
        ("alive", "/healthz", {}),
        ("foreign", "/api/schema", {**secure, "host": "evil.example"}),
    ]
    done = run(tmp_path, "-c", LOOK, stdin=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["plain"][0] == 301
    assert seen["plain"][1]["Location"] == "https://oo.example.com/api/schema"
    hsts = seen["secure"][1]["Strict-Transport-Security"]
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    assert seen["alive"][0] == 200
    assert seen["foreign"][0] == 400
    assert seen["settings"] == {
        "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True, "DEBUG": False,
    }  # fmt: skip


def test_without_a_proxy_nobody_can_claim_that_plain_http_is_https(tmp_path):
    asked = [("claims", "/api/schema", {"x-forwarded-proto": "https"})]
    done = run(tmp_path, "-c", LOOK, stdin=json.dumps(asked), BEHIND_PROXY="")
    assert json.loads(done.stdout.splitlines()[-1])["claims"][0] == 301
