"""`ledger.repair`: one piece of damage that an audit found."""

from uuid import UUID

from arxos.domain.access import Permission
from arxos.domain.jobs.ledger_damage import Damage
from arxos.domain.ports import UnitOfWork
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind


class RepairLedger(Payload):
    """What is wrong with which job."""

    job_id: UUID
    damage: Damage


class Repaired(Result):
    """Nothing: what was to be done is the attempt's effect, and does nothing where the damage is gone."""


@job_kind("ledger.repair", queue="maintenance", payload=RepairLedger, submit=Permission.ADMINISTER, batch=50)
def repair(payload: RepairLedger, attempt: Attempt) -> Done:
    """Undo one piece of damage to the ledger, where it is still there."""

    def mend(uow: UnitOfWork) -> None:
        uow.inspection.mend(payload.job_id, payload.damage)

    return Done(Repaired(), mend)
