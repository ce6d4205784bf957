"""Hidden and obeyed characters in every stored text: every listing command, and every page of the console, shows them.

The texts are written behind the system's back, into every column that may hold a stranger's words: whatever door lets
them in one day, what shows them is harmless.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from arxos.app import operating, scheduling
from arxos.app.tokens import issue
from arxos.cli import importing
from arxos.cli.main import command_line
from arxos.domain.access import Role
from arxos.domain.buildings.findings import Finding, RuleOutcome, Severity, ValidationReport, Verdict
from arxos.domain.buildings.repository import NewModel
from arxos.domain.errors import ArxosError
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry
from arxos.domain.jobs.slots import Rhythm
from arxos.domain.jobs.submitter import user
from arxos.storage.quarantine import QuarantineTable, Refused
from tests.building_builders import a_floor, a_space, an_index, plan
from tests.http import SECRET, Api
from tests.terminal import on_terminal

HOSTILE = "\x1b]0;owned\x07\x9b31m\u202eevil\u2066\u200b\u2028\u061c\ufeff"
FORBIDDEN = ("\x1b]0;", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\u2028", "\u061c", "\ufeff")
SHOWN = "\\u202eevil"
ADA = Operator("ada", "because", "cli@desk")
# Columns with words of the system's own, which a constraint or a decoder holds to a list.
OWN = frozenset(
    (
        *("state", "queue", "kind", "outcome", "status", "sha256", "format", "schema", "schema_name", "severity"),
        *("verdict", "action", "scope", "policy", "on_failure", "role", "pool", "part", "ifc_class", "cron"),
        *("timezone", "method"),
    )
)
PAGES = ("overview", "jobs", "dead", "queues", "workers", "schedules", "buildings", "reports", "quarantine", "log")
# What these do is no listing: they act, start processes, or read files.
ACTING = frozenset(
    (
        *(
            "api",
            "beat",
            "relay",
            "ingress",
            "worker",
            "flower",
            "migrate",
            "demo",
            "token",
            "submit",
            "doctor",
            "validate",
        ),
        *("audits repair", "buildings add", "buildings import", "buildings plan", "buildings find", "dead discard"),
        *("dead redrive", "dead undo", "jobs cancel", "jobs discard", "jobs redrive", "jobs retry", "kinds pause"),
        *("kinds resume", "limits remove", "limits set", "limits share", "queues pause", "queues resume"),
        *("schedules add", "schedules change", "schedules pause", "schedules remove", "schedules resume"),
        *("schedules run", "tokens revoke", "workers drain"),
    )
)
DRIVER = """
import json, sys
from arxos.cli.main import main
for arguments in json.loads(sys.argv[1]):
    print("===", *arguments, flush=True)
    sys.argv = ["arxos", *arguments]
    try:
        main()
    except SystemExit as end:
        print("exit", end.code, flush=True)
"""


@pytest.fixture(scope="module")
def hostile(api: Api) -> dict[str, str]:
    """A system with something in every table, and the hostile text in it; ids by what they are of."""
    runtime = api.world.runtime
    building = importing.add_building(runtime, "Hall", "Am Sandtorkai 30, 20457 Hamburg, Germany").id
    floor = a_floor()
    space = a_space((0, 0, 0), (8, 5, 3), floor.id)
    with runtime.ports.unit_of_work() as uow:
        model = uow.buildings.add_model(NewModel(building, "0" * 64, 1, "hall.ifc", "ifc", "ada"))
        finding = Finding("SYNTAX", Severity.ERROR, "wrong", "0" * 22, "IfcWall", "this", "that")
        outcome = RuleOutcome("SYNTAX", "well-formed", Verdict.FAILED, 1)
        uow.buildings.save_report(model.id, ValidationReport("IFC4", (outcome,), (finding,)))
        uow.buildings.replace_index(model.id, an_index((floor,), (space,), outline=plan(0, 0, 8, 5)))
        uow.commit()
    scheduling.add(runtime, Entry("pulse", "probe.noop", Rhythm(every_s=300)), ADA, user(ADA.name, Role.SUPER_ADMIN))
    operating.pause(runtime, Scope.QUEUE, "health", ADA)
    operating.set_limit(runtime, Scope.QUEUE, "geometry", Allowance(running=4), ADA)
    operating.set_share(runtime, "city", 0.5, ADA)
    QuarantineTable(runtime.database).add([Refused("ingress", "no JSON", 8, "some.task", "id", "body: text of 8")])
    ids = {"building": str(building)}
    for state in ("dead", "queued"):
        job = api.world.submit("probe.noop", submitted_by="city", idempotency_key=f"key-{state}")
        ids[state] = str(job)
    _die(api, UUID(ids["dead"]))
    _poison(api)
    return ids


def _die(api: Api, job: UUID) -> None:
    api.world.execute(
        "UPDATE jobs SET state = 'dead', attempt = 1, started_at = now(), finished_at = now(), error_type = 'E',"
        " error_message = 'wrong', error_place = 'here', error_fingerprint = 'f00', worker = 'cpu@host',"
        " progress_note = 'half' WHERE id = %s",
        job,
    )
    api.world.execute(
        "INSERT INTO attempts (job_id, attempt, worker, started_at, finished_at, outcome, error_type, error_message)"
        " VALUES (%s, 1, 'cpu@host', now(), now(), 'failed', 'E', 'wrong')",
        job,
    )
    api.world.execute(
        "UPDATE jobs SET payload = jsonb_build_object('note', %s::text), result = jsonb_build_object('note', %s::text)",
        HOSTILE,
        HOSTILE,
    )


def _poison(api: Api) -> None:
    """Append it to every text that is not the system's own word. At least the well-known columns take it."""
    columns = api.world.sql(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " AND data_type = 'text' ORDER BY 1, 2"
    )
    taken = set()
    for table, column in columns:
        if column in OWN or table in ("alembic_version", "spatial_ref_sys"):
            continue
        try:
            api.world.execute(f'UPDATE "{table}" SET "{column}" = "{column}" || %s', HOSTILE)
            taken.add(f"{table}.{column}")
        except (psycopg.Error, ArxosError):
            continue  # a key, or held by a constraint
    assert taken >= {"jobs.error_message", "jobs.submitted_by", "attempts.error_message", "quarantine.reason"}


def listings(ids: dict[str, str]) -> list[list[str]]:
    """Every command that shows something, with what it needs."""
    needs = {
        "audits show": [str(uuid4())],
        "buildings show": [ids["building"]],
        "health building": [ids["building"]],
        "jobs show": [ids["dead"]],
        "jobs why": [ids["dead"]],
        "jobs graph": [ids["dead"]],
    }
    found = [[*name.split(), *needs.get(name, [])] for name in _commands() if name not in ACTING]
    return [*found, ["jobs", "show", ids["queued"]], ["jobs", "show", f"no{HOSTILE}"], ["dead", "redrive", "--dry-run"]]


def _commands() -> Iterator[str]:
    for name, command in command_line().commands.items():
        inner = getattr(command, "commands", None)
        yield from (f"{name} {one}" for one in inner) if inner else (name,)


def harmless(text: str) -> list[str]:
    """Which of the characters are in it."""
    return [ascii(char) for char in FORBIDDEN if char in text]


@pytest.mark.parametrize("form", ["pipe", "json", "terminal"])
def test_no_command_lets_them_through(api: Api, hostile: dict[str, str], form: str) -> None:
    every = [[*one, "--json"] if form == "json" else one for one in listings(hostile)]
    assert len(every) > 25
    command, environment = [sys.executable, "-c", DRIVER, json.dumps(every)], _environment(api)
    if form == "terminal":
        shown = on_terminal(command, environment | {"ARXOS_PAGER": "cat"}, columns=200, within_s=120).raw
    else:
        ran = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
        shown = ran.stdout + ran.stderr
    assert "Traceback" not in shown
    assert shown.count("===") == len(every)
    parts = shown.split("===")
    assert [(part.partition("\n")[0], harmless(part)) for part in parts if harmless(part)] == []
    assert shown.count(SHOWN) + shown.count("\\\\u202eevil") > 5


def _environment(api: Api) -> dict[str, str]:
    return {name: str(value) for name, value in api.world.variables.items()}


@pytest.mark.parametrize("page", [*PAGES, "job", "building", "dead/try?action=redrive"])
def test_no_page_lets_them_through(api: Api, hostile: dict[str, str], page: str) -> None:
    path = {
        "job": f"jobs/{hostile['dead']}",
        "building": f"buildings/{hostile['building']}",
        "try": "dead/try?action=redrive",
    }
    with httpx.Client(base_url=f"{api.url}/console/", timeout=30) as client:
        token = issue(SECRET, "root", Role.SUPER_ADMIN, 3600)
        assert client.post("sign-in", data={"token": token}).status_code == 303
        answer = client.get(path.get(page, page))
    assert answer.status_code == 200
    assert harmless(answer.text) == []


def test_what_the_pages_show_is_the_character_by_its_code(api: Api, hostile: dict[str, str]) -> None:
    with httpx.Client(base_url=f"{api.url}/console/", timeout=30) as client:
        client.post("sign-in", data={"token": issue(SECRET, "root", Role.SUPER_ADMIN, 3600)})
        assert all(SHOWN in client.get(path).text for path in ("jobs", "dead", "quarantine", f"jobs/{hostile['dead']}"))


def test_a_plan_is_well_formed_and_shows_them(api: Api, hostile: dict[str, str]) -> None:
    floors = api.viewer.get(f"/api/buildings/{hostile['building']}/floors").json()["items"]
    drawn = api.viewer.get(f"/api/buildings/{hostile['building']}/floors/{floors[0]['id']}/plan.svg").text
    assert harmless(drawn) == []
    assert SHOWN in drawn
