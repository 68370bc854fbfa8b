"""What was worked out about policies: kept in the database always, and told to MLflow where there is one.

MLflow is spoken to in its own REST protocol (version 2.0, mlflow.org/docs/latest/rest-api.html):
its client would weigh as much as all of oO, and this needs five calls. The job that worked something
out never waits for it: runs are rows, and another job sends those that were not sent.
"""

import logging
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings

from oo.lib.claim import one_by_one
from oo.lib.env import host_and_port
from oo.lib.http import OutgoingError, fetch
from recommender.bandit.policies.base import Policy
from recommender.models import PolicyRun

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
SECONDS = 5.0  # longest wait for one answer of MLflow
LONGEST_PAUSE = timedelta(hours=6)
API = "/api/2.0/mlflow/"


class MlflowError(Exception):
    """MLflow did not take a run. It is tried again later."""


def record(
    kind: str,
    policy: type[Policy],
    verdict: str,
    says: str,
    numbers: Mapping[str, Any],
    *,
    now: datetime,
    took_ms: float = 0.0,
    against: type[Policy] | str = "",
    begins: datetime | None = None,
    ends: datetime | None = None,
) -> PolicyRun:
    """Keeps what came of a run. Numbers that are not finite are kept as null."""
    other = (against, "") if isinstance(against, str) else (against.id, against.version)
    return PolicyRun.objects.create(
        kind=kind,
        policy=policy.id,
        policy_version=policy.version,
        against=other[0],
        against_version=other[1],
        begins=begins,
        ends=ends,
        numbers=storable(numbers),
        verdict=verdict,
        says=says[:400],
        created_at=now,
        took_ms=round(took_ms),
    )


def storable(value: Any) -> Any:
    """As JSON that every database takes: PostgreSQL refuses NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def send(*, now: datetime, limit: int = 50) -> int:
    """Tells MLflow of runs that it has not been told of. Returns how many got there.

    The first that fails ends the round: the others would wait for the same server. Each is sent
    once, even when the answer to an earlier attempt was lost.
    """
    if not settings.MLFLOW_TRACKING_URI:
        return 0
    sent = 0
    waiting = PolicyRun.objects.filter(sent_at=None).order_by("pk")
    experiment = ""
    for run in one_by_one(waiting, now=now, lease=LEASE, limit=limit):
        try:
            experiment = experiment or _experiment()
            _send(run, experiment)
        except (OutgoingError, MlflowError) as error:
            run.attempts += 1
            pause = min(timedelta(minutes=2**run.attempts), LONGEST_PAUSE)
            run.claimed_until = now + pause
            run.save(update_fields=["attempts", "claimed_until", "mlflow_id"])
            log.warning("%s was not sent to MLflow, next try in %s: %s", run, pause, error)
            return sent
        run.sent_at = now
        run.save(update_fields=["sent_at", "mlflow_id"])
        sent += 1
    return sent


def _experiment() -> str:
    """The id of MLFLOW_EXPERIMENT there; made when it is missing."""
    name = settings.MLFLOW_EXPERIMENT
    status, said = _call("GET", f"experiments/get-by-name?experiment_name={quote(name)}")
    if status == 200:
        return str(said["experiment"]["experiment_id"])
    status, said = _call("POST", "experiments/create", {"name": name})
    if status != 200:
        raise MlflowError(f"experiment {name}: {said}")
    return str(said["experiment_id"])


def _send(run: PolicyRun, experiment: str) -> None:
    at = int(run.created_at.timestamp() * 1000)
    if run.attempts and not run.mlflow_id:
        run.mlflow_id = _found(run, experiment)
    if not run.mlflow_id:
        tags = {
            "mlflow.runName": f"{run.kind} {run.policy}",
            "oo.run": str(run.pk), "oo.kind": run.kind, "oo.verdict": run.verdict,
            "mlflow.note.content": run.says,
        }  # fmt: skip
        said = _must(
            "runs/create",
            {
                "experiment_id": experiment,
                "run_name": tags["mlflow.runName"],
                "start_time": at - run.took_ms,
                "tags": _pairs(tags),
            },
        )
        run.mlflow_id = str(said["run"]["info"]["run_id"])
        run.save(update_fields=["mlflow_id"])
    params = {
        "policy": run.policy, "version": run.policy_version, "against": run.against,
        "against_version": run.against_version,
        "begins": run.begins.isoformat() if run.begins else "",
        "ends": run.ends.isoformat() if run.ends else "",
    }  # fmt: skip
    metrics = [
        {"key": key, "value": value, "timestamp": at, "step": 0} for key, value in flat(run.numbers)
    ]
    _must(
        "runs/log-batch",
        {
            "run_id": run.mlflow_id,
            "metrics": metrics[:1000],
            "params": _pairs({name: value for name, value in params.items() if value}),
        },
    )
    status = "FAILED" if run.verdict == PolicyRun.Verdict.FAILED else "FINISHED"
    _must("runs/update", {"run_id": run.mlflow_id, "status": status, "end_time": at})


def _found(run: PolicyRun, experiment: str) -> str:
    """The id under which an attempt whose answer was lost put the run there, "" for none."""
    asked = {
        "experiment_ids": [experiment],
        "filter": f"tags.`oo.run` = '{run.pk}'",
        "max_results": 1,
    }
    for there in _must("runs/search", asked).get("runs", []):
        return str(there["info"]["run_id"])
    return ""


def flat(numbers: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Every number in nested JSON, named by its path: "snips.low"."""
    if isinstance(numbers, Mapping):
        for key, inner in numbers.items():
            yield from flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(numbers, list):
        for index, inner in enumerate(numbers):
            yield from flat(inner, f"{name}.{index}")
    elif isinstance(numbers, int | float):
        yield name, float(numbers)


def _pairs(named: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in named.items()]


def _must(call: str, body: Mapping[str, Any]) -> dict[str, Any]:
    status, said = _call("POST", call, body)
    if status != 200:
        raise MlflowError(f"{call}: {status} {said.get('error_code', '')}")
    return said


def _call(
    method: str, call: str, body: Mapping[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    token = settings.MLFLOW_TRACKING_TOKEN
    reply = fetch(
        method,
        settings.MLFLOW_TRACKING_URI + API + call,
        headers={"Authorization": f"Bearer {token}"} if token else None,
        json=body,
        seconds=SECONDS,
        trusted=[host_and_port(settings.MLFLOW_TRACKING_URI) or ""],
    )
    try:
        said = reply.json()
    except ValueError as error:
        raise MlflowError(f"{call}: {reply.status}, and not in JSON") from error
    if not isinstance(said, dict):
        raise MlflowError(f"{call}: {reply.status}, and not an object")
    return reply.status, said
