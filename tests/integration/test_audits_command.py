"""`arxos audits …` as it is typed."""

from uuid import uuid4

import pytest

from arxos.domain.audits.findings import AuditFinding, Repair
from tests.command_line import Cli

A = AuditFinding("blob_orphan", "blob 1", "<b>12 bytes</b>", Repair("blobs.collect", {}))
B = AuditFinding("blob_missing", "model 2", "is not there")


@pytest.fixture
def audit(cli: Cli) -> str:
    job_id = uuid4()
    with cli.world.unit_of_work() as uow:
        uow.audits.begin(job_id, "audit.blobs")
        uow.audits.note(job_id, [A, B], examined=9)
        uow.audits.finish(job_id)
        uow.commit()
    return str(job_id)


def test_audits_are_listed_and_shown(cli: Cli, audit: str) -> None:
    [listed] = cli.document("audits", "list", "--kind", "audit.blobs", "--json")
    assert (listed["job_id"], listed["examined"], listed["findings"]) == (audit, 9, 2)
    shown = cli.document("audits", "show", audit, "--json")
    assert [(one["sort"], one["message"]) for one in shown["items"]] == [(A.sort, A.message), (B.sort, B.message)]
    [only] = cli.document("audits", "show", audit, "--sort", "blob_missing", "--json")["items"]
    assert only["repair"] is None
    assert "<b>12 bytes</b>" in cli.ok("audits", "show", audit)


def test_a_repair_is_ordered_once(cli: Cli, audit: str) -> None:
    number = str(cli.document("audits", "show", audit, "--json")["items"][0]["number"])
    [job] = cli.document("audits", "repair", audit, number, "--as", "ada", "--json")["jobs"]
    assert cli.document("audits", "repair", audit, "--json")["jobs"] == [job]
    shown = cli.document("jobs", "show", job, "--json")
    assert (shown["kind"], shown["submitted_by"]) == ("blobs.collect", "ada")
    assert cli.document("audits", "show", audit, "--json")["items"][0]["repair_job_id"] == job


def test_what_cannot_be_done_is_said(cli: Cli, audit: str) -> None:
    number = str(cli.document("audits", "show", audit, "--json")["items"][1]["number"])
    assert "names no repair: a person must look" in cli.refusal("audits", "repair", audit, number, code=1)
    assert "no finding 99" in cli.refusal("audits", "repair", audit, "99", code=1)
    assert "no audit" in cli.refusal("audits", "show", str(uuid4()), code=1)
    assert "AUDIT" in cli.refusal("audits", "show", "7", code=2)
    assert "not both" in cli.refusal("audits", "repair", audit, number, "--sort", "x", code=1)
