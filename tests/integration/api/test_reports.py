"""What was added up, over HTTP, in the console and on the command line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arxos.domain.access import Role
from tests.http import Api, problem_of, running_api
from tests.integration.api.test_building_health import done, submit
from tests.integration.api.test_buildings import add
from tests.integration.api.test_console import Visitor
from tests.running import Stack


@pytest.fixture(scope="module")
def live(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """With a worker, some work done, and all of it added up."""
    worker = stack.start("worker", "--pool", "io", "--concurrency", "2")
    try:
        with running_api(stack.variables, tmp_path_factory.mktemp("reports")) as api:
            add(api)
            for _ in range(3):
                done(api, submit(api, "probe.noop"))
            now = datetime.now(UTC)
            around = {"since": now - timedelta(minutes=30), "until": now + timedelta(minutes=5)}
            done(api, submit(api, "rollup.jobs", **{name: when.isoformat() for name, when in around.items()}))
            done(api, submit(api, "rollup.buildings"))
            _minutes(api)
            yield api
    finally:
        worker.terminate()
        worker.wait(30)


def _minutes(api: Api) -> None:
    """An hour of an interface in which one minute was missing and one failed."""
    took = '{"-150": 99, "0": 1}'  # by bins: some 50 ms, and one second
    api.world.execute("DELETE FROM request_minutes")
    api.world.execute(
        "INSERT INTO request_minutes SELECT date_trunc('minute', clock_timestamp()) - make_interval(mins => n),"
        " 'api:1', 100, CASE WHEN n = 30 THEN 20 ELSE 0 END, %s FROM generate_series(10, 70) AS n WHERE n <> 40",
        took,
    )


def report(api: Api, name: str, **query: str) -> Any:
    answer = api.viewer.get(f"/api/reports/{name}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def arxos(api: Api, *words: str) -> str:
    command = [sys.executable, "-m", "arxos.cli.main", "report", *words]
    return subprocess.run(command, env=api.world.variables, capture_output=True, text=True, check=True).stdout


def test_jobs_are_told_by_kind_and_outcome(live: Api) -> None:
    rows = [one for one in report(live, "jobs", grain="5m")["items"] if one["kind"] == "probe.noop"]
    assert {one["outcome"] for one in rows} == {"succeeded"}
    assert sum(one["jobs"] for one in rows) == 3
    assert all(one["ran"]["p50"] > 0 and one["waited"]["p99"] > 0 and one["cpu_s"] > 0 for one in rows)
    only = report(live, "jobs", grain="day", kind="probe.noop", queue=rows[0]["queue"])["items"]
    assert {one["kind"] for one in only} == {"probe.noop"}
    assert report(live, "jobs", queue="nowhere")["items"] == []


def test_objectives_are_told_with_their_budgets(live: Api) -> None:
    since, until = (datetime.now(UTC) - timedelta(minutes=back) for back in (69, 12))
    slo = report(live, "slo", since=since.isoformat(), until=until.isoformat())
    found = {one["name"]: one for one in slo["objectives"]}
    assert slo["met"] is False
    assert found["errors"]["total"] in (5600, 5700)  # where in its minute it is now
    assert (found["errors"]["spent"], found["errors"]["met"]) == (20, False)
    assert (found["availability"]["spent"], found["availability"]["met"]) == (2, False)
    assert found["latency"]["met"] is True
    assert found["latency"]["spent"] * 100 == found["latency"]["total"]
    assert (found["recovery"]["value"], found["recovery"]["met"]) == (None, None)


def test_buildings_are_told_by_sender(live: Api) -> None:
    [row] = report(live, "buildings")["items"]
    assert (row["day"], row["sender"], row["buildings"]) == (datetime.now(UTC).date().isoformat(), "", 1)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("slo", {"since": "2026-11-25T08:00:00Z", "until": "2026-11-25T08:00:00Z"}),
        ("slo", {"since": "2020-01-01T00:00:00Z", "until": "2026-11-25T08:00:00Z"}),
        ("slo", {"until": "0001-01-01T00:00:00Z"}),
        ("jobs", {"since": "2026-11-01T00:00:00Z", "until": "2026-11-25T08:00:00Z", "grain": "5m"}),
        ("jobs", {"grain": "fortnight"}),
        ("jobs", {"since": "yesterday"}),
        ("buildings", {"since": "2026-11-25", "until": "2026-11-25"}),
        ("buildings", {"until": "0001-01-02"}),
        ("buildings", {"until": "0"}),
    ],
)
def test_a_while_that_is_none_or_too_long_is_refused_by_name(live: Api, name: str, query: dict[str, str]) -> None:
    problem = problem_of(live.viewer.get(f"/api/reports/{name}", params=query), 422)
    assert problem["errors"][0]["field"] in {"query.since", "query.until", "query.grain"}


def test_people_see_the_same_in_the_console(live: Api) -> None:
    visitor = Visitor(live, Role.VIEWER)
    page = visitor.get("reports?span=day")
    visitor.client.close()
    assert "probe.noop" in page
    assert "Not all are met" in page
    assert '<span class="chip s-dead">missed</span>' in page


def test_and_on_the_command_line(live: Api, tmp_path: Path) -> None:
    picture = tmp_path / "slo.svg"
    slo = json.loads(arxos(live, "slo", "--days", "0.1", "--json", "--svg", str(picture)))
    assert {one["name"]: one["spent"] for one in slo["objectives"]}["errors"] == 20
    assert picture.read_text().startswith("<svg")
    nowhere = tmp_path / "no" / "slo.svg"
    refused = subprocess.run(
        [sys.executable, "-m", "arxos.cli.main", "report", "slo", "--svg", str(nowhere)],
        env=live.world.variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (refused.returncode, refused.stderr) == (
        1, f"arxos: cannot write {str(nowhere)!r}: No such file or directory\n",
    )  # fmt: skip
    kinds = {one["kind"]: one for one in json.loads(arxos(live, "jobs", "--json"))}
    assert kinds["probe.noop"]["outcomes"] == {"succeeded": {"jobs": 3, "attempts": 3}}
    assert "probe.noop" in arxos(live, "jobs")
    assert json.loads(arxos(live, "buildings", "--json"))[0]["buildings"] == 1
