"""`arxos schedules …`: periodic jobs, and what an operator does to them."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer

from arxos.app import scheduling
from arxos.app.scheduling import schedule_document
from arxos.cli import choices
from arxos.cli.jobs import AsJson
from arxos.cli.operator import By, operator, submitter
from arxos.cli.output import Column, print_json, print_remark, print_table
from arxos.cli.session import session
from arxos.cli.submit import read_payload
from arxos.cli.times import parse_duration
from arxos.domain.jobs.schedule import Entry, Policy
from arxos.domain.jobs.slots import Rhythm
from arxos.storage.schedules import Schedules

app = typer.Typer(help="Periodic jobs: list, run, pause, resume, add, change, remove.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Of the schedule.")]
Kind = Annotated[str, typer.Option(help="The job kind; `arxos kinds` lists them.", autocompletion=choices.kinds)]
Cron = Annotated[str | None, typer.Option(help="Minute hour day month weekday, such as '30 2 * * 1-5'.")]
Every = Annotated[str | None, typer.Option(help="Seconds, or with a unit: 90, 30s, 5m, 1h, 1d.")]
Zone = Annotated[str | None, typer.Option("--timezone", help="Whose clock a crontab means, such as Europe/Berlin.")]
Payload = Annotated[str | None, typer.Option(help="JSON, @FILE, or - for standard input.")]
Queue = Annotated[str | None, typer.Option(help="Another than the kind's own.", autocompletion=choices.queues)]
Priority = Annotated[int | None, typer.Option(help="Higher goes first; -100 to 100.")]
PolicyOption = Annotated[Policy | None, typer.Option(help="What becomes of slots that were missed.")]
CatchUp = Annotated[int | None, typer.Option("--catch-up", help="Policy all: how many are made up for at most.")]
Jitter = Annotated[str | None, typer.Option(help="Each job waits up to so long more; as --every.")]


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the schedules; say on stderr if no beat is alive.

    Lag: for how many seconds a slot has been due that no beat took.

    Example: arxos schedules list
    """
    runtime = session()
    schedules = Schedules(runtime.database)
    known, now = schedules.read()
    _remark_on_silence(schedules.silent_s(), runtime.settings.lease_s)
    documents = [schedule_document(one, now) for one in known]
    if json:
        print_json(documents)
        return
    lag = Column("lag s", "lag")
    columns = ("name", "kind", "when", "policy", "next", "last", lag, "missed", "paused by", "error")
    print_table(columns, [_line(document) for document in documents], empty="no schedules")


@app.command()
def run(name: Name, by: By = None) -> None:
    """Submit one job now, besides those of its slots, paused or not; print its id.

    Example: arxos schedules run nightly
    """
    print(scheduling.run(session(), name, operator(by, None)))


@app.command()
def pause(name: Name, by: By = None) -> None:
    """Submit nothing more, until it is resumed.

    Example: arxos schedules pause nightly --as ada
    """
    scheduling.pause(session(), name, operator(by, None))


@app.command()
def resume(name: Name, by: By = None) -> None:
    """Go on from now: slots during the pause are not made up for.

    Example: arxos schedules resume nightly
    """
    scheduling.resume(session(), name, operator(by, None))


@app.command()
def add(
    name: Name,
    kind: Kind,
    cron: Cron = None,
    every: Every = None,
    timezone: Zone = None,
    payload: Payload = None,
    queue: Queue = None,
    priority: Priority = None,
    policy: PolicyOption = None,
    catch_up: CatchUp = None,
    jitter: Jitter = None,
    by: By = None,
) -> None:
    """Add a schedule; its first slot is the next one.

    Example: arxos schedules add nightly --kind building.check_health --cron '30 2 * * *' --timezone Europe/Berlin
    """
    asked = _asked(payload, queue, priority, policy, catch_up, jitter)
    entry = replace(Entry(name, kind, _rhythm(cron, every, timezone or "UTC")), **asked)
    scheduling.add(session(), entry, operator(by, None), submitter(by))


@app.command()
def change(
    name: Name,
    cron: Cron = None,
    every: Every = None,
    timezone: Zone = None,
    payload: Payload = None,
    queue: Queue = None,
    priority: Priority = None,
    policy: PolicyOption = None,
    catch_up: CatchUp = None,
    jitter: Jitter = None,
    by: By = None,
) -> None:
    """Change what is named; a new rhythm begins now. It outlasts deploys that change the same entry.

    Example: arxos schedules change nightly --cron '0 4 * * *'
    Example: arxos schedules change sweep --every 10m --jitter 30s
    """
    asked = _asked(payload, queue, priority, policy, catch_up, jitter)

    def changed(entry: Entry) -> Entry:
        rhythm = replace(entry.rhythm, timezone=timezone or entry.rhythm.timezone)
        if cron is not None or every is not None:
            rhythm = _rhythm(cron, every, rhythm.timezone)
        return replace(entry, rhythm=rhythm, **asked)

    scheduling.change(session(), name, changed, operator(by, None), submitter(by))


@app.command()
def remove(name: Name, by: By = None) -> None:
    """Remove a schedule that was added; those that come with the code can only be paused.

    Example: arxos schedules remove nightly
    """
    scheduling.remove(session(), name, operator(by, None))


def _line(document: dict[str, Any]) -> tuple[object, ...]:
    when = f"{document['cron']} {document['timezone']}" if document["cron"] else f"every {document['every_s']} s"
    lag = timedelta(seconds=round(document["lag_s"], 1))
    return (
        *(document["name"], document["kind"], when, document["policy"], document["next_slot"], document["last_slot"]),
        *(lag, document["missed"], document["paused_by"], document["error"]),
    )


def _remark_on_silence(silent_s: float | None, lease_s: float) -> None:
    if silent_s is None or silent_s > lease_s:
        heard = "" if silent_s is None else f", the last ticked {silent_s:.0f} s ago"
        print_remark(f"no beat is alive{heard}: start one with `arxos beat`")


def _asked(
    payload: str | None,
    queue: str | None,
    priority: int | None,
    policy: Policy | None,
    catch_up: int | None,
    jitter: str | None,
) -> dict[str, Any]:
    """The fields of an entry that the options name."""
    asked = {
        "payload": None if payload is None else read_payload(payload),
        "queue": queue,
        "priority": priority,
        "policy": policy,
        "catch_up": catch_up,
        "jitter_s": _seconds("--jitter", jitter),
    }
    return {name: value for name, value in asked.items() if value is not None}


def _rhythm(cron: str | None, every: str | None, timezone: str) -> Rhythm:
    if (cron is None) == (every is None):
        raise typer.BadParameter("name either --cron or --every")
    return Rhythm(cron, _seconds("--every", every), timezone)


def _seconds(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    duration = parse_duration(f"{text}s" if text.isdecimal() else text)
    if duration is None:
        raise typer.BadParameter(f"{option}: {text!r} is no time such as 90, 30s, 5m, 1h or 1d")
    return round(duration.total_seconds())
