"""Runs are kept in the database, and told to MLflow once each, whatever becomes of it meanwhile.

The stand-in answers as MLflow 3.17 does, down to its error bodies; `OO_MLFLOW_URL` names a real
server to try the same against.
"""

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from oo.lib.http import fetch
from recommender.bandit.policies.linucb import LinUCB
from recommender.models import PolicyRun
from recommender.runs import flat, record, send, storable
from tests.people import NOW
from tests.services.environment import ROOT

pytestmark = pytest.mark.django_db

NUMBERS = {"snips": {"value": 0.25, "low": -0.125}, "people": 40, "best": True, "none": None}


class Mlflow:
    """What MLflow keeps, behind the calls that oO makes."""

    def __init__(self, server: HTTPServer) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, dict] = {}
        self.calls: list[str] = []
        self.lose_answer_of = ""
        server.expect_request(re.compile("/api/2.0/mlflow/.*")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        call = request.path.removeprefix("/api/2.0/mlflow/")
        self.calls.append(call)
        body = request.get_json(silent=True) or dict(request.args)
        status, said = getattr(self, call.replace("/", "_").replace("-", "_"))(body)
        if call == self.lose_answer_of:
            self.lose_answer_of = ""
            return Response("gateway", status=502)
        import json

        return Response(json.dumps(said), status=status, content_type="application/json")

    def experiments_get_by_name(self, body):
        name = body["experiment_name"]
        if name not in self.experiments:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Could not find"}
        return 200, {"experiment": {"experiment_id": self.experiments[name], "name": name}}

    def experiments_create(self, body):
        self.experiments[body["name"]] = str(len(self.experiments) + 1)
        return 200, {"experiment_id": self.experiments[body["name"]]}

    def runs_create(self, body):
        assert isinstance(body["start_time"], int)
        run_id = f"{len(self.runs):032x}"
        tags = {tag["key"]: tag["value"] for tag in body["tags"]}
        self.runs[run_id] = {"tags": tags, "experiment": body["experiment_id"]}
        return 200, {"run": {"info": {"run_id": run_id}, "data": {}}}

    def runs_search(self, body):
        wanted = re.fullmatch(r"tags\.`oo\.run` = '(\d+)'", body["filter"]).group(1)
        found = [
            {"info": {"run_id": run_id}}
            for run_id, run in self.runs.items()
            if run["tags"]["oo.run"] == wanted
        ]
        return 200, {"runs": found} if found else {}

    def runs_log_batch(self, body):
        if body["run_id"] not in self.runs:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}
        for metric in body["metrics"]:
            assert re.fullmatch(r"[/\w.\- :]+", metric["key"])
        self.runs[body["run_id"]]["metrics"] = {m["key"]: m["value"] for m in body["metrics"]}
        self.runs[body["run_id"]]["params"] = {p["key"]: p["value"] for p in body["params"]}
        return 200, {}

    def runs_update(self, body):
        self.runs[body["run_id"]]["status"] = body["status"]
        return 200, {"run_info": {"run_id": body["run_id"]}}


@pytest.fixture
def mlflow(httpserver: HTTPServer, settings) -> Mlflow:
    settings.MLFLOW_TRACKING_URI = httpserver.url_for("").rstrip("/")
    return Mlflow(httpserver)


def kept(verdict: str = "better", **more) -> PolicyRun:
    return record(
        "evaluate", LinUCB, verdict, "Better by 0.1.", NUMBERS,
        now=NOW, took_ms=12.6, against="egreedy-v1", begins=NOW - timedelta(7), ends=NOW, **more,
    )  # fmt: skip


def test_numbers_are_kept_as_any_database_takes_them():
    told = {"a": float("nan"), "b": [float("inf"), 1.5, (2,)], 3: True, "c": None, "d": "x"}
    assert storable(told) == {"a": None, "b": [None, 1.5, [2]], "3": True, "c": None, "d": "x"}
    assert dict(flat({"a": {"b": [1, 2.5]}, "c": None, "d": "x"})) == {"a.b.0": 1.0, "a.b.1": 2.5}


def test_without_an_address_nothing_leaves(settings):
    settings.MLFLOW_TRACKING_URI = ""
    kept()
    assert send(now=NOW) == 0
    assert PolicyRun.objects.get().attempts == 0


def test_every_run_gets_there_once_with_all_that_is_known_of_it(mlflow):
    first, second = kept(), kept("failed")
    assert send(now=NOW) == 2
    assert send(now=NOW) == 0
    assert len(mlflow.runs) == 2
    there = mlflow.runs[PolicyRun.objects.get(pk=first.pk).mlflow_id]
    assert there["metrics"] == {"snips.value": 0.25, "snips.low": -0.125, "people": 40, "best": 1}
    assert there["params"]["policy"] == "linucb"
    assert there["params"]["against"] == "egreedy-v1"
    assert there["tags"]["mlflow.runName"] == "evaluate linucb"
    assert there["tags"]["oo.verdict"] == "better"
    assert there["status"] == "FINISHED"
    assert mlflow.runs[PolicyRun.objects.get(pk=second.pk).mlflow_id]["status"] == "FAILED"
    assert mlflow.calls.count("experiments/create") == 1


@pytest.mark.parametrize("call", ["runs/create", "runs/log-batch", "runs/update"])
def test_an_answer_that_is_lost_makes_no_second_run(mlflow, call):
    kept()
    mlflow.lose_answer_of = call
    assert send(now=NOW) == 0
    assert send(now=NOW + timedelta(seconds=30)) == 0, "it pauses first"
    assert send(now=NOW + timedelta(minutes=3)) == 1
    assert len(mlflow.runs) == 1
    assert next(iter(mlflow.runs.values()))["status"] == "FINISHED"


def test_a_server_that_is_away_fails_no_job_and_is_asked_once_a_round(settings, caplog):
    settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"
    kept(), kept()
    assert send(now=NOW) == 0
    assert sorted(PolicyRun.objects.values_list("attempts", flat=True)) == [0, 1]
    assert "was not sent to MLflow" in caplog.text


def test_an_answer_that_is_no_mlflow_is_a_failure_too(httpserver, settings):
    settings.MLFLOW_TRACKING_URI = httpserver.url_for("").rstrip("/")
    httpserver.expect_request(re.compile(".*")).respond_with_data("<html>hello", status=200)
    kept()
    assert send(now=NOW) == 0
    assert PolicyRun.objects.get().attempts == 1


def test_the_token_is_sent(httpserver, settings):
    settings.MLFLOW_TRACKING_URI = httpserver.url_for("").rstrip("/")
    settings.MLFLOW_TRACKING_TOKEN = "t0ken"
    kept()
    send(now=NOW)
    request, _ = httpserver.log[0]
    assert request.headers["Authorization"] == "Bearer t0ken"


def test_mlflow_itself_takes_it(settings):
    """Against a real server, where there is one."""
    url = os.environ.get("OO_MLFLOW_URL")
    if not url:
        pytest.skip("needs a real MLflow: set OO_MLFLOW_URL to its address")
    settings.MLFLOW_TRACKING_URI = url
    settings.MLFLOW_EXPERIMENT = f"oO test {os.getpid()}"
    first = kept()
    assert send(now=NOW) == 1
    first.refresh_from_db()
    reply = fetch(
        "GET",
        f"{url}/api/2.0/mlflow/runs/get?run_id={first.mlflow_id}",
        trusted=[url.split("//")[1]],
    ).json()["run"]
    assert {m["key"]: m["value"] for m in reply["data"]["metrics"]}["snips.low"] == -0.125
    assert reply["info"]["status"] == "FINISHED"
    # As if the answer to its making had been lost.
    PolicyRun.objects.update(mlflow_id="", sent_at=None, attempts=1, claimed_until=None)
    assert send(now=NOW) == 1
    assert PolicyRun.objects.get().mlflow_id == first.mlflow_id


def test_the_web_process_never_loads_mlflow():
    code = "import oo.wsgi, sys; print('mlflow' in sys.modules, 'sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "False False", done.stderr
