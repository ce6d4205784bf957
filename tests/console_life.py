"""A system with something to look at in every page of the console, and the browser to look with."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from arxos.app import operating, scheduling
from arxos.app.tokens import issue
from arxos.cli import importing
from arxos.domain.access import Role
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.jobs.bulk import act_on_all
from arxos.domain.jobs.desk import Action, Order
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry, Policy
from arxos.domain.jobs.slots import Rhythm
from arxos.domain.jobs.submitter import user
from arxos.storage.console_sessions import ConsoleSessions, NewSession
from arxos.storage.quarantine import QuarantineTable, Refused
from arxos.storage.refresh_tokens import RefreshTokens
from deploy.local.programs import find_chromium
from tests.http import SECRET, Api, running_api
from tests.running import Stack, wait_until

SAMPLE = Path(__file__).resolve().parents[1] / "examples" / "office.ifc"
WIDTHS = (390, 820, 1600)
ADA = Operator("ada", None, "cli@desk")
REFUSED = (
    Refused("ingress", "not JSON: unexpected end of the text", 812, excerpt="body: text of 812 bytes"),
    Refused("ingress", "no job kind 'report.render'", 430, "report.render", str(UUID(int=7)), "args: 0, kwargs: 2"),
    Refused("ingress", "payload of building.validate: model_id: field required", 388, "building.validate"),
    Refused("maintenance", "pickle is not accepted", 1_204, excerpt="content-type: application/x-python-serialize"),
    Refused("ingress", "52,428,800 bytes are more than 1,048,576", 52_428_800, "building.validate"),
)


@dataclass(frozen=True, slots=True)
class Life:
    """A running system. `building`: fully processed; `dead`: a dead letter that another job waited for."""

    api: Api
    stack: Stack
    building: UUID
    dead: UUID

    @property
    def pages(self) -> Mapping[str, str]:
        """Name → path below ``/console``."""
        same = ("sign-in", "overview", "jobs", "dead", "queues", "workers", "schedules", "buildings", "reports")
        return {name: name for name in (*same, "quarantine", "log", "sessions")} | {
            "job": f"jobs/{self.dead}",
            "try": "dead/try?action=redrive",
            "building": f"buildings/{self.building}",
        }


@contextmanager
def life(variables: dict[str, str], folder: Path) -> Iterator[Life]:
    """Relay, beat, workers and HTTP interface, with work done, going on and waiting."""
    environment = variables | {"ARXOS_JWT_SECRET": SECRET, "ARXOS_PROBES": "1"}
    stack = Stack(environment, folder=folder)
    others = []
    try:
        stack.repair()
        others = [stack.start("worker", "--pool", "io", "--concurrency", "4"), stack.start("beat")]
        with running_api(environment, folder) as api:
            building = _buildings(stack)
            dead = _dead(stack)
            _reports(stack)
            _work(stack)
            _orders(stack)
            _holders(stack)
            yield Life(api, stack, building, dead)
    finally:
        for process in others:
            process.terminate()
        for process in others:
            process.wait(30)
        stack.stop()


def _holders(stack: Stack) -> None:
    """Others who are signed in, or hold refresh tokens."""
    sessions, tokens = ConsoleSessions(stack.runtime.database), RefreshTokens(stack.runtime.database)
    until = datetime.now(UTC).timestamp() + 8 * 3600
    for name, role, source in (("ada", Role.ADMIN, "console@10.0.0.7"), ("grace", Role.VIEWER, "console@10.0.0.12")):
        sessions.open(NewSession(name, role, source, until, str(uuid4()), "another key"))
    for name, role, days in (("city-import", Role.EDITOR, 30), ("dashboard", Role.VIEWER, 90)):
        tokens.keep(f"refresh-{name}", uuid4(), name, role, days * 86_400)


def _buildings(stack: Stack) -> UUID:
    """Some without a model, and the sample; its id."""
    runtime = stack.runtime
    for name, address, status in (
        ("Harbour Hall", "Am Sandtorkai 30, 20457 Hamburg, Germany", BuildingStatus.DRAFT),
        ("O'Brien Tower", "12 O'Connell Street, Dublin, Ireland", BuildingStatus.ACTIVE),
        ("Mill at the Weir", "4 Weir Lane, Bath BA2 6AA, United Kingdom", BuildingStatus.UNDER_REVIEW),
    ):
        importing.add_building(runtime, name, address, status)
    house = importing.add_building(runtime, "Arxos House", "Beispielallee 12, 20457 Hamburg, Germany").id
    importing.receive_file(runtime, house, SAMPLE, "city-import")
    going = "SELECT count(*) FROM jobs WHERE building_id = %s AND state NOT IN ('succeeded', 'dead')"
    wait_until(lambda: stack.sql(going, house) == [(0,)], "the sample is processed", 180)
    stack.reaches(stack.submit("health.sweep"), JobState.SUCCEEDED)
    return house


def _reports(stack: Stack) -> None:
    """What was done so far, and a week of an interface that is asked 100 times a minute and was away for four."""
    stack.execute(
        "INSERT INTO request_minutes SELECT minute, 'api', 100, (extract(minute FROM minute) = 7)::int, %s"
        " FROM generate_series(date_trunc('minute', clock_timestamp()) - interval '7 days',"
        " clock_timestamp() - interval '1 minute', interval '1 minute') AS minute"
        " WHERE minute NOT BETWEEN clock_timestamp() - interval '1 day' AND clock_timestamp() - interval '1436 minutes'"
        " ON CONFLICT DO NOTHING",
        '{"-250": 60, "-200": 38, "-50": 2}',
    )
    now = datetime.now(UTC)
    around = {"since": now - timedelta(minutes=10), "until": now + timedelta(minutes=5)}
    for job_id in (
        stack.submit("rollup.buildings"),
        stack.submit("rollup.jobs", **{name: when.isoformat() for name, when in around.items()}),
    ):
        stack.reaches(job_id, JobState.SUCCEEDED)


def _work(stack: Stack) -> None:
    dead = [stack.submit("probe.fail", times=1, permanent=True, submitted_by="city-import") for _ in range(4)]
    stack.all_reach(dead, JobState.DEAD)
    for who, seconds in (("city-import", 600), ("ada", 900)):
        job_id = stack.submit("probe.progress", steps=600, seconds=seconds, submitted_by=who)
        stack.reaches(job_id, JobState.RUNNING)
    for number in range(40):
        stack.submit("probe.noop", submitted_by=("city-import", "ada", "survey")[number % 3])


def _dead(stack: Stack) -> UUID:
    """Tried twice, then dead; another one is cancelled with it."""
    failing = stack.job("probe.fail", times=9, submitted_by="survey")
    last = replace(failing, policy=replace(failing.policy, max_attempts=2, base_s=0.5))
    stack.insert(last, stack.job("probe.noop", after=(failing.id,), submitted_by="survey"))
    stack.reaches(failing.id, JobState.DEAD)
    return failing.id


def _orders(stack: Stack) -> None:
    """What operators do on some morning."""
    runtime = stack.runtime
    operating.pause(runtime, Scope.QUEUE, "health", Operator("ada", "the sensors' gateway is away", "cli@desk"))
    operating.pause(runtime, Scope.KIND, "probe.crash", Operator("grace", "not today", "console@10.0.0.7"))
    operating.set_limit(runtime, Scope.QUEUE, "geometry", Allowance(running=4), ADA)
    operating.set_limit(runtime, Scope.KIND, "building.validate", Allowance(per="building", rate=5, burst=10), ADA)
    operating.set_share(runtime, "city-import", 0.5, ADA)
    for entry in (
        Entry("nightly-canary", "probe.noop", Rhythm(cron="30 2 * * 1-5", timezone="Europe/Berlin")),
        Entry("pulse", "probe.noop", Rhythm(every_s=300), policy=Policy.SKIP, jitter_s=60),
    ):
        scheduling.add(runtime, entry, ADA, user(ADA.name, Role.SUPER_ADMIN))
    scheduling.pause(runtime, "pulse", ADA)
    broken = "UPDATE schedules SET error = 'no job kind ''report.render''', error_since = now() - interval '2 h'"
    stack.execute(f"{broken} WHERE name = 'nightly-canary'")
    redrive = Order(
        Action.REDRIVE,
        JobFilter(kind="probe.fail", submitted_by="city-import"),
        Operator("ada", "fixed", "console@10.0.0.7"),
        600,
    )
    act_on_all(runtime.ports.unit_of_work, redrive, uuid4(), lambda _: None)
    QuarantineTable(runtime.database).add(REFUSED)


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's own Chromium, without a screen."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root otherwise
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=find_chromium(), args=options)
        yield found
        found.close()


def signed_in(context: BrowserContext, api: Api, role: Role = Role.SUPER_ADMIN, subject: str = "grace") -> Page:
    """A page of somebody who has signed in with a token of this role."""
    page = context.new_page()
    page.goto(f"{api.url}/console")
    page.get_by_label("Token").fill(issue(SECRET, subject, role, 3600))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{api.url}/console/overview")
    return page
