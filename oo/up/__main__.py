"""`python -m oo.up`: everything oO needs on one machine, until Ctrl-C."""

import os
import sys

from oo.up import alive, first_run, parts, ports, redis
from oo.up import config as configuration
from oo.up.config import ROOT, BadConfig, Config
from oo.up.leftovers import AlreadyRunning, Hold
from oo.up.screen import Screen
from oo.up.supervisor import ChildDied, Stopped, Supervisor


def main() -> int:
    try:
        added = first_run.write_missing(ROOT / ".env", os.environ)
        config = configuration.load()
        screen = Screen(config.secrets)
        config.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        hold = Hold(config.var_dir / "run", f"oO is running already at {config.public_url}")
    except (BadConfig, AlreadyRunning, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if added:
        screen.say(f"First run: wrote {', '.join(added)} to .env")
    if ended := hold.end_leftovers():
        screen.say(f"Ended {ended} leftover process(es) of a run that was killed.")

    supervisor = Supervisor(screen, hold, ROOT)
    try:
        _run(config, screen, supervisor)
    except Stopped:
        assert supervisor.asked is not None
        screen.say(f"\n{supervisor.asked.name} received, stopping ...")
        code = 0
    except (ports.PortTaken, redis.NoRedis) as error:
        screen.alarm(str(error))
        code = 1
    except ChildDied as error:
        screen.alarm(f"\n{error} Stopping the rest ...")
        code = 1
    finally:
        config.told.unlink(missing_ok=True)
        if supervisor.stop(last=("sandbox", "redis")):
            screen.say("Everything has stopped.")
        hold.release()
    return code


def _run(config: Config, screen: Screen, supervisor: Supervisor) -> None:
    ports.require_free(config.port, "PORT", config.port + 100)
    socket = redis.socket_path(config.var_dir)
    env = parts.environment(config, os.environ, redis.url(socket))
    config.tell_other_commands(env)

    if config.own_sandbox:
        ports.require_free(config.sandbox_port, "SANDBOX_PORT", config.sandbox_port + 100)
        supervisor.start("sandbox", parts.sandbox(config), env)
    if config.own_redis:
        supervisor.start("redis", redis.command(config.var_dir, socket), env)
        supervisor.wait_until(lambda: redis.answers(socket), "Redis", 30)
    supervisor.run("setup", parts.prepare(), env)

    supervisor.start("web", parts.web(config), env)
    supervisor.start("worker", parts.worker(), env)
    supervisor.start("beat", parts.beat(), env)
    web = (config.port, config.public_host, "/healthz")
    supervisor.wait_until(lambda: alive.answers(*web), "The web server", 60)
    if config.own_sandbox:
        sandbox = (config.sandbox_port, f"localhost:{config.sandbox_port}", "/_control/")
        supervisor.wait_until(lambda: alive.answers(*sandbox), "The sandbox", 30)
    screen.frame(_welcome(config))
    supervisor.watch()


def _welcome(config: Config) -> list[str]:
    lines = ["oO is ready.", "", f"    {config.public_url}", ""]
    if config.own_sandbox:
        missing = " and ".join(config.without_credentials)
        lines += [
            f"No credentials for {missing}, so a sandbox stands in for Google and Todoist.",
            "Sign in as anyone it offers; nobody there is real.",
        ]
        if "ADMIN_SEED_EMAIL" not in config.values:
            lines += [f"{parts.sandbox_admin()[0]} is the admin: {config.public_url}/admin/"]
    return [*lines, "Ctrl-C stops everything."]


if __name__ == "__main__":
    sys.exit(main())
