"""Asking one of the doctor's checks by its id."""

from typing import Any

from arxos.doctor.catalogue import ALL
from arxos.doctor.finding import Finding, Severity

ORDER = list(Severity)


def findings(check_id: str, facts: Any) -> list[Finding]:
    """What the check says of the facts: something, under its id, and nothing worse than it declares."""
    (check,) = [one for one in ALL if one.id == check_id]
    found = check.findings(facts)
    assert found
    assert {one.id for one in found} == {check_id}
    assert all(ORDER.index(one.severity) <= ORDER.index(check.up_to) for one in found)
    assert all(one.advice for one in found if one.severity in {Severity.WARNING, Severity.ERROR})
    return found


def verdict(check_id: str, facts: Any) -> str:
    """``severity: what was seen`` of the only finding."""
    (found,) = findings(check_id, facts)
    return f"{found.severity}: {found.seen}"
