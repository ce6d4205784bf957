"""Who may submit which kind: a payload of each kind, and the rights as docs/access.md has them, by entry point."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arxos.domain.access import PERMISSIONS, Permission, Role
from arxos.domain.jobs.submitter import Submitter, command_line, producer, schedule, user
from arxos.tasks.authorization import may_submit
from arxos.tasks.kind import JobKind
from arxos.tasks.registry import all_kinds

KINDS = all_kinds(probes=True)
AN_ID = "0192f3c8-0000-7000-8000-000000000000"
MODEL, BUILDING = {"model_id": AN_ID}, {"building_id": AN_ID}
PAYLOADS: Mapping[str, Mapping[str, Any]] = {
    "audit.blobs": {},
    "audit.cache": {},
    "audit.index": {},
    "audit.ledger": {},
    "blobs.collect": {"grace_days": 7},
    "building.check_health": BUILDING,
    "building.index_geometry": MODEL,
    "building.validate": MODEL,
    "building.warm_cache": BUILDING,
    "health.parts": {},
    "health.report": {"sweep_id": AN_ID},
    "health.sweep": {},
    "ledger.prune": {"succeeded_days": 30},
    "ledger.repair": {"job_id": AN_ID, "damage": "lease_expired"},
    "probe.crash": {"how": "exit", "times": 0},
    "probe.effect": {"key": "k"},
    "probe.fail": {"times": 0},
    "probe.noop": {},
    "probe.progress": {"steps": 1, "seconds": 0},
    "probe.sleep": {"seconds": 0},
    "rollup.buildings": {},
    "rollup.jobs": {},
    "webhook.deliver": {"webhook_id": AN_ID, "job_id": AN_ID, "state": "succeeded", "at": "2026-11-25T08:00:00Z"},
}


@dataclass(frozen=True, slots=True)
class Door:
    """An entry point. `needs`: the permission of its route; None: it knows no roles, and `by` says who submits."""

    title: str
    needs: Permission | None = None
    by: Submitter | None = None

    def opens(self, kind: JobKind[Any]) -> str:
        """The cell of a kind: which roles, or a mark."""
        if self.by is not None:
            return "✓" if may_submit(kind, self.by) else ""
        return ", ".join(self._roles(kind))

    def _roles(self, kind: JobKind[Any]) -> Iterator[Role]:
        for role in Role:
            if self.needs in PERMISSIONS[role] and may_submit(kind, user("somebody", role)):
                yield role


SUBMITTING = Door("submitted by HTTP, also in batches", Permission.SUBMIT)
EDITING = Door("redriven with another payload, ordered as a repair: HTTP, console", Permission.REDRIVE)
SCHEDULING = Door("named by a schedule: HTTP, console", Permission.SCHEDULE)
INGRESS = Door("ingress, where allowed", by=producer())
COMMANDS = Door("command line", by=command_line("root"))
BEAT = Door("beat", by=schedule("nightly"))
DOORS = (SUBMITTING, EDITING, SCHEDULING, INGRESS, COMMANDS, BEAT)


def table() -> list[str]:
    """Lines of Markdown: a row a kind, a column an entry point."""
    rows = [[f"`{kind.name}`", *(_brief(door.opens(kind)) for door in DOORS)] for kind in KINDS.values()]
    head = ["kind", *(door.title for door in DOORS)]
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]


def allowed(page: str, kind: str, door: Door, role: Role | None = None) -> bool:
    """Whether the page's cell says so."""
    [row] = [line for line in page.splitlines() if line.startswith(f"| `{kind}` |")]
    cell = row.split("|")[2 + DOORS.index(door)].strip()
    if role is None:
        return cell == "✓"
    if cell.endswith(" and above"):
        least = Role(cell.removesuffix(" and above"))
        return list(Role).index(role) >= list(Role).index(least)
    return role == cell


def _brief(cell: str) -> str:
    """``editor and above`` for the roles from that one on."""
    first, *more = cell.split(", ")
    return f"{first} and above" if more else cell
