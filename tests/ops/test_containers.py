"""docker/: the files parse, fit together, and name only commands, files and settings that exist."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.services.environment import ROOT, production

pytestmark = pytest.mark.once

DOCKER = ROOT / "docker"
BIN = Path(sys.executable).parent
OURS = ("migrate", "web", "worker", "beat")
INSTRUCTIONS = {"FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    text = (DOCKER / "Dockerfile").read_text()
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.partition(" ") for line in text.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in lines]


def words_of(service: dict) -> list[str]:
    return [str(word) for word in service.get("command", [])]


def assert_runnable(words: list[str]) -> None:
    """The program is one the image has; what it imports is there."""
    program, *rest = words
    assert program in {"python", "celery", "gunicorn"}
    assert (BIN / program).exists()
    modules = [word for word in rest if word.startswith("oo.")]
    assert modules, f"{words} names nothing of ours"
    for module in modules:
        assert importlib.util.find_spec(module), module


class TestCompose:
    def test_core_is_the_product_and_full_has_nats_besides(self, compose):
        by_profile = {
            profile: {n for n, s in compose["services"].items() if profile in s["profiles"]}
            for profile in ("core", "full")
        }
        assert by_profile["core"] == {*OURS, "postgres", "redis"}
        assert by_profile["full"] == by_profile["core"] | {"nats"}

    def test_every_service_uses_keys_that_compose_knows(self, compose):
        known = {
            *("image", "build", "profiles", "env_file", "environment", "init", "restart"),
            *("read_only", "tmpfs", "cap_drop", "security_opt", "depends_on", "command"),
            *("healthcheck", "ports", "stop_grace_period", "volumes", "shm_size"),
        }
        assert {k for s in compose["services"].values() for k in s} <= known
        assert set(compose) == {"name", "x-oo", "services", "volumes"}

    def test_what_a_service_waits_for_exists_and_can_become_so(self, compose):
        services = compose["services"]
        for name, service in services.items():
            for other, wait in service.get("depends_on", {}).items():
                assert other in services, f"{name} waits for {other}"
                assert set(service["profiles"]) <= set(services[other]["profiles"])
                if wait["condition"] == "service_healthy":
                    assert "test" in services[other]["healthcheck"]

    def test_volumes_are_declared(self, compose):
        used = {v.split(":")[0] for s in compose["services"].values() for v in s.get("volumes", [])}
        assert used == set(compose["volumes"])

    @pytest.mark.parametrize("name", ["migrate", "worker", "beat"])
    def test_our_services_name_commands_that_exist(self, compose, name):
        assert_runnable(words_of(compose["services"][name]))

    def test_only_the_web_is_reachable_and_only_from_this_host(self, compose):
        ports = {n: s["ports"] for n, s in compose["services"].items() if "ports" in s}
        assert ports == {"web": ["127.0.0.1:8000:8000"]}

    def test_no_secret_is_written_in_it(self, compose):
        text = (DOCKER / "compose.yaml").read_text()
        passwords = re.findall(r"[A-Z_]*(?:PASSWORD|AUTH|SECRET|KEY)[A-Z_]*: (\S+)", text)
        assert passwords
        assert all(value.startswith("${") for value in passwords)

    def test_every_variable_it_asks_for_is_in_the_example(self, compose):
        asked = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))
        assert asked <= set(example())


def example() -> dict[str, str]:
    lines = (DOCKER / "oo.env.example").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


class TestExample:
    def test_it_names_only_settings_that_exist(self):
        from oo.settings import env

        declared = {variable.name for variable in env.declared}
        assert set(example()) - declared == {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}

    def test_it_holds_no_secret(self):
        secret = {n: v for n, v in example().items() if re.search("SECRET|KEY|PASSWORD|TOKEN", n)}
        assert set(secret.values()) == {""}


class TestDockerfile:
    def test_every_instruction_is_one(self, dockerfile):
        assert {word for word, _ in dockerfile} <= INSTRUCTIONS

    def test_what_it_copies_from_the_repository_is_there(self, dockerfile):
        for word, rest in dockerfile:
            if word == "COPY" and not rest.startswith("--from"):
                for source in rest.split()[:-1]:
                    assert (ROOT / source).exists(), source

    def test_it_installs_with_hashes(self, dockerfile):
        installs = [rest for word, rest in dockerfile if word == "RUN" and "install" in rest]
        assert any("oo/up/install.py requirements.txt" in rest for rest in installs)
        assert "--require-hashes" in (ROOT / "oo/up/install.py").read_text()

    def test_what_runs_is_not_root_and_owns_nothing(self, dockerfile):
        users = [rest for word, rest in dockerfile if word == "USER"]
        assert users == ["10001"]
        assert not any("--chown" in rest for _, rest in dockerfile)

    def test_it_holds_no_secret(self, dockerfile):
        text = " ".join(rest for word, rest in dockerfile if word in {"ENV", "ARG"})
        assert not re.search("SECRET|KEY|PASSWORD|TOKEN", text)

    def test_the_ignore_file_keeps_secrets_and_data_out_of_the_image(self):
        ignored = (DOCKER / "Dockerfile.dockerignore").read_text().split()
        assert {".env", "**/*.env", "var", ".git", ".venv"} <= set(ignored)

    @pytest.mark.parametrize("instruction", ["CMD", "HEALTHCHECK"])
    def test_it_names_commands_that_exist(self, dockerfile, instruction):
        rest = next(rest for word, rest in dockerfile if word == instruction)
        listed = rest[rest.index("[") :]
        assert_runnable(shlex.split(listed.strip("[]").replace(",", " ")))

    def test_gunicorn_takes_its_configuration(self, tmp_path):
        done = subprocess.run(
            [BIN / "gunicorn", "oo.wsgi", "--config", "docker/gunicorn.conf.py", "--check-config"],
            cwd=ROOT,
            env={**production(tmp_path), "PATH": str(BIN)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def test_static_files_can_be_collected_without_a_secret_database_or_redis(self, tmp_path):
        done = subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"],
            cwd=ROOT,
            env={**dict.fromkeys(production(tmp_path), ""), "VAR_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "static" / "staticfiles.json").exists()
