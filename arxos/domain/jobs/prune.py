"""Prune: jobs that ended well or were cancelled leave the ledger when they are old enough."""

from collections.abc import Callable
from dataclasses import dataclass

from arxos.domain.jobs.retention import Retention
from arxos.domain.ports import OpenUnitOfWork

BATCH = 1000  # jobs deleted in one transaction: short enough to stand in nobody's way


@dataclass(frozen=True, slots=True)
class PruneReport:
    """How many jobs left the ledger, and how many months left its history."""

    pruned: int
    months: int


def prune(
    unit_of_work: OpenUnitOfWork,
    retention: Retention,
    *,
    for_s: float,
    clock: Callable[[], float],
    tell: Callable[[float, str], None],
) -> PruneReport:
    """Delete batch by batch until nothing is left that is so old, or for `for_s` seconds by `clock`.

    What was deleted stays deleted, should a later batch fail. After each batch `tell` hears what share of the time is
    over, and how many jobs are gone.
    """
    began, pruned = clock(), 0
    while (over_s := clock() - began) < for_s:
        tell(over_s / for_s, f"{pruned} jobs pruned")
        with unit_of_work() as uow:
            batch = uow.jobs.prune(retention, BATCH)
            uow.commit()
        pruned += batch
        if batch < BATCH:
            break
    with unit_of_work() as uow:
        months = uow.jobs.forget_history(retention.history_s)
        uow.commit()
    return PruneReport(pruned, months)
