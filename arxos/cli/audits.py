"""`arxos audits …`: what audits found, and having it mended."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer

from arxos.cli.operator import By, operator, submitter
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.session import session
from arxos.domain.audits.findings import Audit, Noted
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.order_repair import order_repair, order_repairs
from arxos.tasks.authorization import authorized_repair

app = typer.Typer(help="What audits found, and having it mended.", no_args_is_help=True)
SHOWN = 1000

AsJson = Annotated[bool, typer.Option("--json", help="Exact, for programs.")]
AuditId = Annotated[UUID, typer.Argument(metavar="AUDIT", help="The audit: the id of its job.")]
Sort = Annotated[str | None, typer.Option("--sort", help="Of this sort only.")]


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="Of this kind only, such as audit.index.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    json: AsJson = False,
) -> None:
    """List audits, newest first.

    Example: arxos audits list --kind audit.ledger
    """
    with session().ports.unit_of_work() as uow:
        audits = uow.audits.latest(kind, limit)
    if json:
        print_json([asdict(audit) for audit in audits])
        return
    columns = ("audit", "kind", "started", "finished", "examined", "findings")
    print_table(columns, [_line(audit) for audit in audits], empty="no audits yet: arxos submit audit.ledger")


@app.command()
def show(audit_id: AuditId, sort: Sort = None, json: AsJson = False) -> None:
    """Show an audit's findings, each with the job that would mend it.

    Example: arxos audits show AUDIT --sort lease_expired
    """
    with session().ports.unit_of_work() as uow:
        audit, found = uow.audits.get(audit_id), uow.audits.findings(audit_id, sort=sort, limit=SHOWN)
    if json:
        print_json(asdict(audit) | {"items": [finding_document(noted) for noted in found]})
        return
    columns = ("number", "sort", "subject", "message", Column("repair", spare=True), Column("ordered", spare=True))
    print_table(columns, [_finding(noted) for noted in found], empty=f"{audit.examined} examined, nothing found")


@app.command()
def repair(
    audit_id: AuditId,
    number: Annotated[
        int | None, typer.Argument(help="The finding's number; left out: all that name a repair.")
    ] = None,
    sort: Sort = None,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Order the repair of findings: each is a job; ordered twice it is the same one.

    Example: arxos audits repair AUDIT 3
    Example: arxos audits repair AUDIT --sort index_stale
    """
    if number is not None and sort is not None:
        raise InvalidError("name either a finding's number or --sort, not both")
    runtime, who = session(), submitter(operator(by, None).name)

    def make(kind: str, payload: Mapping[str, Any], key: str) -> NewJob:
        return authorized_repair(runtime.kinds, kind, payload, key, who)

    with runtime.ports.unit_of_work() as uow:
        uow.audits.get(audit_id)
        ordered = (
            order_repairs(uow, audit_id, sort, make) if number is None else [order_repair(uow, audit_id, number, make)]
        )
        uow.commit()
    if json:
        print_json({"jobs": ordered})
        return
    print_table(("job",), [(job_id,) for job_id in ordered], empty="no finding names a repair")


def finding_document(noted: Noted) -> dict[str, object]:
    """A finding as JSON shows it."""
    return {"number": noted.position, **asdict(noted.finding), "repair_job_id": noted.repair_job_id}


def _line(audit: Audit) -> tuple[object, ...]:
    return audit.job_id, audit.kind, audit.started_at, audit.finished_at, audit.examined, audit.findings


def _finding(noted: Noted) -> tuple[object, ...]:
    finding = noted.finding
    mend = finding.repair.kind if finding.repair else None
    return noted.position, finding.sort, finding.subject, finding.message, mend, noted.repair_job_id
