"""The operator's desk on PostgreSQL."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from arxos.domain.jobs.desk import BulkAct, Edit, Group, Opened, Order, Step, UndoStep
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator
from arxos.storage import ledger_acts, ledger_bulk, ledger_groups, worker_acts
from arxos.storage.database import Connection


class PostgresDesk:
    """See `Desk`. Acts within one transaction of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def redrive(self, job_id: UUID, by: Operator, *, edit: Edit | None = None, drop_deadline: bool = False) -> None:
        ledger_acts.redrive_one(self._connection, job_id, by, edit, drop_deadline=drop_deadline)

    def discard(self, job_id: UUID, by: Operator) -> None:
        ledger_acts.discard_one(self._connection, job_id, by)

    def retry(self, job_id: UUID, by: Operator) -> None:
        ledger_acts.retry_one(self._connection, job_id, by)

    def groups(self, which: JobFilter, limit: int) -> list[Group]:
        return ledger_groups.groups(self._connection, replace(which, state=JobState.DEAD), limit)

    def open(self, act_id: UUID, order: Order) -> Opened:
        return ledger_bulk.open_act(self._connection, act_id, order)

    def step(self, act: Opened, limit: int, *, after: UUID | None, not_before: datetime | None) -> Step:
        return ledger_bulk.step(self._connection, act, limit, after, not_before)

    def close(self, act_id: UUID) -> BulkAct:
        return ledger_bulk.close(self._connection, act_id)

    def begin_undo(self, act_id: UUID, by: Operator) -> BulkAct:
        return ledger_bulk.begin_undo(self._connection, act_id, by)

    def undo_step(self, act_id: UUID, by: Operator, limit: int, *, after: int) -> UndoStep:
        return ledger_bulk.undo_step(self._connection, act_id, by, limit, after)

    def acts(self, limit: int) -> list[BulkAct]:
        return ledger_bulk.acts(self._connection, limit)

    def drain(self, worker: str, by: Operator) -> None:
        worker_acts.drain(self._connection, worker, by)
