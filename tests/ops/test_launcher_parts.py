"""What `make run` decides, refuses and keeps to itself."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from oo.up import parts, ports, redis
from oo.up.config import BadConfig, Config
from oo.up.install import translate
from oo.up.screen import Screen
from tests.services.process import Service

pytestmark = pytest.mark.once

NOWHERE = Path("/nonexistent/.env")
GOOGLE = {"GOOGLE_CLIENT_ID": "real-google-id", "GOOGLE_CLIENT_SECRET": "real-google-secret"}
TODOIST = {"TODOIST_CLIENT_ID": "real-todoist-id", "TODOIST_CLIENT_SECRET": "real-todoist-secret"}


def config(**environ: str) -> Config:
    return Config.load({"DEBUG": "yes", **environ}, NOWHERE)


class TestSandbox:
    def test_stands_in_when_there_are_no_credentials(self):
        assert config().own_sandbox

    def test_stands_in_for_both_when_one_is_missing_and_none_gets_the_other_s_secret(self):
        half = config(**GOOGLE)
        env = parts.environment(half, {"DEBUG": "yes", **GOOGLE}, "unix:///x")
        assert half.without_credentials == ["Todoist"]
        assert env["SANDBOX_URL"] == "http://localhost:8001"
        assert env["GOOGLE_CLIENT_ID"] == env["GOOGLE_CLIENT_SECRET"] == ""

    def test_is_not_started_when_all_credentials_are_there(self):
        assert not config(**GOOGLE, **TODOIST).own_sandbox

    def test_is_not_started_outside_debug(self):
        assert not config(DEBUG="no").own_sandbox

    def test_is_not_started_beside_one_that_runs_already(self):
        assert not config(SANDBOX_URL="http://localhost:9000").own_sandbox

    def test_names_one_of_its_people_as_admin_unless_someone_is(self):
        name, address = parts.sandbox_admin()
        assert name
        assert parts.environment(config(), {}, "")["ADMIN_SEED_EMAIL"] == address
        mine = config(ADMIN_SEED_EMAIL="me@example.com")
        given = {"ADMIN_SEED_EMAIL": "me@example.com"}
        assert parts.environment(mine, given, "")["ADMIN_SEED_EMAIL"] == "me@example.com"


class TestPorts:
    def test_a_taken_port_is_named_together_with_the_way_out(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(ports.PortTaken, match=rf"Port {port} .* make run PORT=1234"):
                ports.require_free(port, "PORT", 1234)

    def test_a_port_that_is_none_is_refused(self):
        with pytest.raises(BadConfig, match="PORT should be a port number"):
            config(PORT="eighty")

    def test_the_address_follows_the_port(self):
        assert config(PORT="8123").public_url == "http://localhost:8123"

    def test_both_on_one_port_are_refused(self):
        with pytest.raises(BadConfig, match="must differ"):
            config(PORT="8123", SANDBOX_PORT="8123")


class TestRedis:
    def test_a_short_path_is_beside_the_data(self, tmp_path):
        var = Path("/srv/oo/var")
        assert redis.socket_path(var) == var / "redis" / "redis.sock"

    def test_a_path_too_long_for_a_socket_works_all_the_same(self, tmp_path):
        deep = tmp_path / ("d" * 90)
        deep.mkdir()
        path = redis.socket_path(deep)
        assert len(str(path)) <= redis.LONGEST_SOCKET_PATH
        server = Service("deep-redis", redis.command(deep, path))
        server.ready = lambda: redis.answers(path)  # type: ignore[method-assign]
        try:
            server.start()
        finally:
            server.stop()
            path.unlink(missing_ok=True)
            path.parent.rmdir()

    @pytest.mark.parametrize("name", ["with space", "with%20escape", "what?", "ümlaut"])
    def test_a_folder_that_makes_a_bad_address_is_avoided(self, tmp_path, name):
        path = redis.socket_path(tmp_path / name)
        assert name not in str(path)
        path.parent.rmdir()

    def test_another_s_temporary_folder_is_not_trusted(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
        far = tmp_path / ("d" * 90)
        folder = redis.socket_path(far).parent
        folder.chmod(0o755)
        with pytest.raises(redis.NoRedis, match="not a folder of yours alone"):
            redis.socket_path(far)

    def test_the_wheel_s_own_server_is_used_where_none_is_installed(self, monkeypatch):
        monkeypatch.setattr("shutil.which", lambda name: None)
        binary = redis.find_redis_server()
        assert binary.is_relative_to(sys.prefix)
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
        assert said.stdout.startswith(("Redis server", "Valkey server"))

    def test_it_listens_on_no_port_and_drops_no_job(self, tmp_path):
        command = " ".join(redis.command(tmp_path, tmp_path / "s"))
        assert "--port 0" in command
        assert "--appendonly yes" in command
        assert "--maxmemory-policy noeviction" in command


class TestLogs:
    def test_a_secret_in_a_child_s_line_is_not_shown(self, capsys):
        made = config(
            SECRET_KEY="a-very-secret-value", ENCRYPTION_KEYS="first-of-two,second-of-two"
        )
        Screen(made.secrets).line("web", "got a-very-secret-value and second-of-two")
        out = capsys.readouterr().out
        assert "secret-value" not in out
        assert "second-of-two" not in out
        assert out.startswith("web ")

    def test_the_queries_of_addresses_are_not_logged(self):
        command = " ".join(parts.web(config()))
        assert "%(U)s" in command
        assert not any(field in command for field in ("%(q)s", "%(r)s", "%(f)s", "%({"))


class TestInstaller:
    def test_uv_is_told_what_pip_was_told(self):
        listed = (
            "global.index-url='https://mirror.example/simple'\n"
            "global.extra-index-url='https://one.example/s https://two.example/s'\n"
            "global.cert='/etc/ca.pem'\n"
            "global.no-such-thing='1'\n"
        )
        assert translate(listed, {}) == {
            "UV_DEFAULT_INDEX": "https://mirror.example/simple",
            "UV_INDEX": "https://one.example/s https://two.example/s",
            "UV_INDEX_STRATEGY": "unsafe-best-match",
            "SSL_CERT_FILE": "/etc/ca.pem",
        }

    def test_the_environment_wins_over_a_file(self):
        listed = (
            ":env:.index-url='https://env.example/s'\nglobal.index-url='https://file.example/s'"
        )
        assert translate(listed, {})["UV_DEFAULT_INDEX"] == "https://env.example/s"

    def test_what_uv_was_told_itself_stays(self):
        listed = "global.index-url='https://mirror.example/simple'"
        assert translate(listed, {"UV_DEFAULT_INDEX": "https://mine.example/s"}) == {}

    def test_it_imports_nothing_that_is_not_there_yet(self):
        code = (
            "import sys, runpy; runpy.run_path('oo/up/install.py');"
            "bad = {m.split('.')[0] for m in sys.modules} - sys.stdlib_module_names - {'__main__'};"
            "print(sorted(b for b in bad if not b.startswith('_')))"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"
