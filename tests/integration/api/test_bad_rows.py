"""One bad row in every table: every list over HTTP, in the console and on the command line shows the others."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import psycopg
import pytest

from arxos.app.tokens import issue
from arxos.domain.access import Role
from tests.command_line import Cli
from tests.damage import DAMAGE, UNGUARD
from tests.http import SECRET, Api

GOOD, BAD = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"
MODEL, BAD_MODEL = "00000000-0000-7000-8000-0000000000aa", "00000000-0000-7000-8000-0000000000bb"
REMOVED = tuple(  # what refuses most of these; a newer version may have others
    f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"
    for table, names in {
        "jobs": ("jobs_moments", "jobs_state_check"),
        "attempts": ("attempts_moments",),
        "buildings": ("buildings_moments", "buildings_status_check"),
        "models": ("models_moments",),
        "findings": ("findings_severity_check",),
        "health_reports": ("health_reports_moments", "health_reports_status_check"),
        "component_reports": ("component_reports_status_check",),
        "schedules": ("schedules_moments", "schedules_policy_check"),
        "workers": ("workers_moments",),
        "operator_actions": ("operator_actions_moments",),
        "bulk_acts": ("bulk_acts_moments", "bulk_acts_action_check"),
        "quarantine": ("quarantine_moments",),
        "webhooks": ("webhooks_moments",),
        "audits": ("audits_moments",),
        "limits": ("limits_scope_check",),
    }.items()
    for name in names
)
ROWS = f"""
INSERT INTO buildings (id, name, address_line, address_parts, status) VALUES
    ('{GOOD}', 'Good House', '1 Elm Road, Leeds', '{{}}', 'active'),
    ('{BAD}', 'Bad House', '2 Elm Road, Leeds', '{{"planet": "Earth", "city": 7}}', 'dreaming');
INSERT INTO models (id, building_id, revision, sha256, size_bytes, filename, format) VALUES
    ('{MODEL}', '{GOOD}', 1, repeat('a', 64), 10, 'a.ifc', 'ifc'),
    ('{BAD_MODEL}', '{GOOD}', 2, repeat('b', 64), 10, 'b.ifc', 'ifc');
UPDATE models SET received_at = 'infinity', georeference = '[1]' WHERE id = '{BAD_MODEL}';
INSERT INTO validation_reports (model_id, valid, rules) VALUES
    ('{MODEL}', false, '[{{"id": "R1", "title": "One", "verdict": "passed", "findings": 0}}]'),
    ('{BAD_MODEL}', false, '[{{"id": "R2", "title": "Two", "verdict": "guessed", "weight": 3}}, 7]');
INSERT INTO findings (model_id, position, rule, severity, message) VALUES
    ('{BAD_MODEL}', 0, 'R1', 'error', 'good finding'), ('{BAD_MODEL}', 1, 'R2', 'grave', 'bad finding');
INSERT INTO health_reports (building_id, status, reasons, facts) VALUES
    ('{GOOD}', 'degraded', '[{{"code": "no_model", "status": "degraded", "message": "no model"}}]',
        '{{"last_activity": "2026-11-25T08:00:00+00:00"}}'),
    ('{BAD}', 'poorly', '[{{"code": "haunted", "status": "poorly"}}, 7, null]', '{{"last_activity": "yesterday"}}');
INSERT INTO health_changes (building_id, was, status, reasons) VALUES
    ('{GOOD}', NULL, 'healthy', '[]'), ('{GOOD}', 'poorly', 'poorly', '{{"a": 1}}');
INSERT INTO component_reports (name, status, detail, latency_ms) VALUES
    ('good-part', 'healthy', '{{}}', 1), ('bad-part', 'poorly', 'not json', 'NaN');
INSERT INTO sweep_reports (job_id, counts) VALUES ('{GOOD}', '{{"healthy": 1}}'), ('{BAD}', '["all"]');
INSERT INTO audits (job_id, kind) VALUES ('{GOOD}', 'audit.cache'), ('{BAD}', 'audit.ledger');
INSERT INTO audit_findings (audit_id, class, subject, message, repair) VALUES
    ('{GOOD}', 'good-class', 'job 1', 'is odd', NULL), ('{GOOD}', 'bad-class', 'job 2', 'is odd', '["mend"]'),
    ('{GOOD}', 'worse-class', 'job 3', 'is odd', '{{"kind": "ledger.repair", "payload": 7}}');
INSERT INTO schedules (name, kind, payload, every_s, cron, policy, timezone) VALUES
    ('good-schedule', 'audit.cache', '{{}}', 3600, NULL, 'latest', 'UTC'),
    ('bad-schedule', 'audit.cache', '[1]', 3600, NULL, 'sometimes', 'UTC'),
    ('worse-schedule', 'audit.cache', '"all"', NULL, 'every full moon', 'latest', 'Moon/Crater');
INSERT INTO limits (scope, name, running) VALUES ('kind', 'probe.noop', 4), ('planet', 'probe.sleep', 4);
INSERT INTO workers (id, host, pid, pool, queues, version, contracts, clock_skew_s) VALUES
    ('good-worker', 'host', 1, 'cpu', '{{maintenance}}', '1', '{{"probe.noop": 1}}', 0),
    ('bad-worker', 'host', 2, 'gpu', '{{}}', '', '["probe.noop", 1.5]', 'NaN'),
    ('worse-worker', 'host', 3, 'cpu', '{{maintenance}}', '9', '{{"probe.noop": "newest", "probe.sleep": 1e9}}', 0);
INSERT INTO operator_actions (actor, action, job_id, details) VALUES
    ('good-actor', 'redrive', NULL, '{{}}'), ('bad-actor', 'redrive', NULL, '7'), ('worse-actor', 'x', NULL, '["a"]');
INSERT INTO bulk_acts (id, action, actor, filter, undo_until) VALUES
    ('{GOOD}', 'redrive', 'good-actor', '{{}}', now()), ('{BAD}', 'bury', 'bad-actor', '[1]', now());
INSERT INTO quarantine (queue, reason) VALUES ('good-queue', 'good reason'), (NULL, 'bad reason');
UPDATE quarantine SET received_at = '-infinity' WHERE reason = 'bad reason';
INSERT INTO webhooks (id, url, owner) VALUES
    ('{GOOD}', 'https://good.example/', 'good-owner'), ('{BAD}', 'not an address', 'bad-owner');
UPDATE webhooks SET created_at = '20000-01-01 00:00:00+00', disabled_at = 'infinity' WHERE id = '{BAD}';
INSERT INTO job_rollups (grain, bucket, kind, queue, outcome, jobs, attempts, retries, cpu_s, waited, ran) VALUES
    ('hour', date_trunc('hour', now()), 'good.kind', 'q', 'succeeded', 1, 1, 0, 0, '{{"1": 1}}', '{{"zero": 1}}'),
    ('hour', date_trunc('hour', now()), 'bad.kind', 'q', 'melted', 1, 1, 0, 'NaN', '[1]', '{{"x": 1, "2": "many"}}');
INSERT INTO building_rollups (bucket, tenant, buildings, models, storage_bytes, space_area_m2, counts, validated, valid,
    health) VALUES
    (date_trunc('day', now()), 'good-tenant', 1, 1, 1, 1, '{{"floors": 1, "spaces": 1, "elements": 1}}', 1, 1, '{{}}'),
    (date_trunc('day', now()), 'bad-tenant', 1, 1, 1, 'NaN', '{{"floors": 1, "towers": 2}}', 1, 1, '[1]');
INSERT INTO request_minutes (minute, process, requests, errors, took) VALUES
    (date_trunc('minute', now()) - interval '5 min', 'good', 1, 0, '{{"1": 1}}'),
    (date_trunc('minute', now()) - interval '5 min', 'bad', 1, 0, '["slow"]'),
    (date_trunc('minute', now()) - interval '5 min', 'worse', 1, 0, '{{"1": "often"}}');
INSERT INTO job_history (id, kind, queue, state, attempts, created_at, finished_at) VALUES
    ('{GOOD}', 'good.kind', 'q', 'succeeded', 1, now(), now()),
    ('{BAD}', 'bad.kind', 'q', 'evaporated', 1, '-infinity', now());
"""
ATTEMPTS = """
INSERT INTO attempts (job_id, attempt, started_at, outcome, cpu_s)
SELECT id, 1, now(), 'failed', 1 FROM jobs UNION ALL SELECT id, 2, '-infinity', 'evaporated', 'NaN'::float FROM jobs
"""
# A list, and what of the good rows it must show.
LISTS: dict[str, str] = {
    "/api/jobs?limit=1000": "good-submitter",
    "/api/jobs?state=dead": "good-submitter",
    "/api/jobs?state=unreadable": '"unreadable"',
    "/api/dead-letters/groups": "GoodError",
    "/api/dead-letters/acts": "good-actor",
    "/api/schedules": "good-schedule",
    "/api/buildings": "Good House",
    f"/api/buildings/{GOOD}": "Good House",
    f"/api/buildings/{GOOD}/models": "a.ifc",
    f"/api/buildings/{GOOD}/findings": "good finding",
    f"/api/buildings/{GOOD}/summary": GOOD,
    f"/api/buildings/{GOOD}/health": "no model",
    "/api/health/buildings": GOOD,
    "/api/health/sweeps": GOOD,
    "/api/webhooks": "good.example",
    "/api/workers": "good-worker",
    "/api/queues": "maintenance",
    "/api/limits": "probe.noop",
    "/api/acts": "good-actor",
    "/api/quarantine": "good reason",
    "/api/audits": GOOD,
    f"/api/audits/{GOOD}/findings": "good-class",
    "/api/reports/jobs": "good.kind",
    "/api/reports/buildings": "good-tenant",
    "/api/reports/slo": "latency",
    "/api/kinds": "probe.noop",
    "/health": "components",
    "/metrics": "arxos_",
    "/console/overview": "",
    "/console/jobs": "good-submitter",
    "/console/jobs/jobs.csv": "good-submitter",
    "/console/dead": "GoodError",
    "/console/queues": "probe.noop",
    "/console/workers": "good-worker",
    "/console/schedules": "good-schedule",
    "/console/buildings": "Good House",
    f"/console/buildings/{GOOD}": "Good House",
    "/console/reports": "",
    "/console/quarantine": "good reason",
    "/console/log": "good-actor",
}
COMMANDS: dict[str, str] = {
    "jobs list": "probe.noop",
    "dead list": "probe.noop",
    "dead groups": "GoodError",
    "dead acts": "good-actor",
    "schedules list": "good-schedule",
    "buildings list": "Good House",
    "queues list": "maintenance",
    "queues quarantine": "good reason",
    "workers list": "good-worker",
    "limits list": "probe.noop",
    "audits list": "audit.cache",
    f"audits show {GOOD}": "good-class",
    "acts list": "good-actor",
    "jobs history": "good.kind",
    "health buildings": GOOD,
    "health sweeps": GOOD,
    "report jobs --days 7": "good.kind",
    "report buildings": "good-tenant",
    "report slo": "latency",
}


@pytest.fixture(scope="module")
def damaged(api: Api) -> Api:
    """An interface on a database where every table has a good row and a bad one."""
    with psycopg.connect(api.world.variables["ARXOS_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(UNGUARD)
        for statement in REMOVED:
            connection.execute(statement)
        connection.execute(ROWS.encode())
        _jobs(api, connection)
        connection.execute(ATTEMPTS)
    return api


def _jobs(api: Api, connection: psycopg.Connection[Any]) -> None:
    good = api.world.submit("probe.noop", submitted_by="good-submitter")
    dead = api.world.submit("probe.noop", submitted_by="good-submitter")
    end = "state = 'dead', finished_at = now(), error_type = 'GoodError', error_message = 'good'"
    connection.execute(f"UPDATE jobs SET {end} WHERE id = %s".encode(), [dead])
    for damage in DAMAGE.values():
        for extra in ("priority = 1", end):  # as it waits, and as a dead letter
            with suppress(psycopg.errors.SyntaxError):  # the state is set twice
                job_id = api.world.submit("probe.noop", after=(good,) if extra == end else ())
                connection.execute(f"UPDATE jobs SET {extra} WHERE id = %s".encode(), [job_id])
                connection.execute(f"UPDATE jobs SET {damage.change} WHERE id = %s".encode(), [job_id])


@pytest.fixture(scope="module")
def visitor(damaged: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=damaged.url, timeout=60) as client:
        token = issue(SECRET, "test-super_admin", Role.SUPER_ADMIN, 3600)
        assert client.post("/console/sign-in", data={"token": token}).status_code == 303
        yield client


@pytest.mark.parametrize(("path", "shows"), LISTS.items(), ids=LISTS)
def test_every_list_shows_what_is_well(damaged: Api, visitor: httpx.Client, path: str, shows: str) -> None:
    answer = visitor.get(path) if path.startswith("/console") else damaged.root.get(path)
    assert answer.status_code == 200, answer.text
    assert shows in answer.text


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
@pytest.mark.parametrize(("command", "shows"), COMMANDS.items(), ids=COMMANDS)
def test_every_command_shows_what_is_well(damaged: Api, command: str, shows: str, form: list[str]) -> None:
    done = Cli(damaged.world.variables).run(*command.split(), *form)
    assert done.returncode == 0, done.stderr
    assert shows in done.stdout


def test_every_job_can_be_looked_at(damaged: Api, visitor: httpx.Client) -> None:
    for one in damaged.root.get("/api/jobs", params={"limit": 1000}).json()["items"]:
        address = f"/jobs/{one['id']}"
        for path in ("", "/why", "/graph", "/graph.svg"):
            answer = damaged.root.get(f"/api{address}{path}")
            assert answer.status_code == 200, (path, one, answer.text)
        assert visitor.get(f"/console{address}").status_code == 200, one


def test_every_page_of_jobs_leads_to_the_next(damaged: Api) -> None:
    found: list[str] = []
    params: dict[str, Any] = {"limit": 3}
    while True:
        page = damaged.root.get("/api/jobs", params=params).json()
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert sorted(found) == sorted(str(row[0]) for row in damaged.world.sql("SELECT id FROM jobs"))


def test_a_stream_tells_of_a_job_that_cannot_be_read(damaged: Api) -> None:
    [dead] = damaged.world.sql("SELECT id FROM jobs WHERE state = 'dead' AND policy = 'null' LIMIT 1")
    with damaged.root.stream("GET", f"/api/jobs/{dead[0]}/events") as stream:
        assert '"field":"policy"' in "".join(stream.iter_text())
