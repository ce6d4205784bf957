"""Acts on many dead letters, and their undoing: in short transactions, so that nobody waits for them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arxos.domain.jobs.desk import Action, BulkAct, Order
from arxos.domain.jobs.operator import Operator
from arxos.domain.ports import OpenUnitOfWork

BATCH = 1000  # jobs of one transaction


@dataclass(frozen=True, slots=True)
class Done:
    """What a bulk act did. `act` None: nothing matched. `due_until`: when the last redriven job becomes due."""

    matched: int
    done: int
    act: BulkAct | None = None
    due_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone of a bulk act; `left`: jobs that had started, or that somebody acted on since."""

    act: UUID
    undone: int
    left: int


def act_on_all(unit_of_work: OpenUnitOfWork, order: Order, act_id: UUID, pause: Callable[[float], None]) -> Done:
    """Redrive or discard everything that fits and is dead by now. What is done stays done if it is interrupted.

    A redrive's rate is kept by the ledger: 10,000 jobs at 200/s are all queued at once, the last due in 50 s. Nothing
    of a discarded job becomes due, so its rate is how fast this goes: `pause` waits for so many seconds.
    Raises ConflictError when somebody undoes the act meanwhile.
    """
    with unit_of_work() as uow:
        act = uow.desk.open(act_id, order)
        if not act.matched:
            return Done(0, 0)
        uow.commit()
    pace = order.rate if order.action is Action.DISCARD else None
    size = min(BATCH, math.ceil(pace)) if pace else BATCH
    done, last, due_until = 0, None, None
    while True:
        with unit_of_work() as uow:
            step = uow.desk.step(act, size, after=last, not_before=due_until)
            uow.commit()
        done, last, due_until = done + step.done, step.last, step.due_until or due_until
        if step.last is None:
            break
        pause(step.done / pace if pace else 0)
    with unit_of_work() as uow:
        closed = uow.desk.close(act_id)
        uow.commit()
    return Done(act.matched, done, closed, due_until)


def undo(unit_of_work: OpenUnitOfWork, act_id: UUID, by: Operator) -> Undone:
    """Make what a bulk act redrove or discarded dead again, as it was. Raises NotFoundError, ConflictError.

    May be given again if it is interrupted, and counts what it undid then.
    """
    with unit_of_work() as uow:
        act = uow.desk.begin_undo(act_id, by)
        uow.commit()
    undone, last = 0, 0
    while True:
        with unit_of_work() as uow:
            step = uow.desk.undo_step(act_id, by, BATCH, after=last)
            uow.commit()
        undone += step.undone
        if step.last is None:
            return Undone(act_id, undone, act.done - (act.undone or 0) - undone)
        last = step.last
