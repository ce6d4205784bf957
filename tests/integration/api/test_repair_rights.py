"""Ordering what an audit's finding names is submitting it: it needs the right to that kind."""

from uuid import UUID, uuid4

import pytest

from arxos.domain.access import Role
from arxos.domain.audits.findings import AuditFinding, Repair
from tests.access_page import PAGE
from tests.http import Api
from tests.kind_rights import EDITING, KINDS, PAYLOADS, allowed


def audit_that_names(api: Api, kind: str) -> UUID:
    audit_id = uuid4()
    finding = AuditFinding("some_damage", "job 1", "is damaged", Repair(kind, PAYLOADS[kind]))
    with api.world.runtime.ports.unit_of_work() as uow:
        uow.audits.begin(audit_id, "audit.ledger")
        uow.audits.note(audit_id, [finding], examined=1)
        uow.audits.finish(audit_id)
        uow.commit()
    return audit_id


@pytest.mark.parametrize("kind", KINDS)
def test_a_repair_is_ordered_by_those_who_may_submit_it(api: Api, kind: str) -> None:
    audit_id = audit_that_names(api, kind)
    roles = {Role.VIEWER: api.viewer, Role.EDITOR: api.editor, Role.ADMIN: api.admin, Role.SUPER_ADMIN: api.root}
    for role, client in roles.items():
        answer = client.post(f"/api/audits/{audit_id}/repairs", json={})
        if allowed(PAGE.written, kind, EDITING, role):
            assert answer.status_code == 202, answer.text
        else:
            assert answer.status_code == 403, answer.text
            assert kind in answer.text or "may not redrive" in answer.text


def test_a_repair_that_two_people_order_is_one_job(api: Api) -> None:
    """Also where the note of the first is lost: the key is the finding's, not theirs."""
    audit_id = audit_that_names(api, "building.index_geometry")
    [first] = api.admin.post(f"/api/audits/{audit_id}/repairs", json={}).json()["jobs"]
    assert api.world.execute("UPDATE audit_findings SET repair_job_id = NULL WHERE audit_id = %s", audit_id) == 1
    assert api.root.post(f"/api/audits/{audit_id}/repairs", json={}).json()["jobs"] == [first]
