"""Prune: jobs that ended well or were cancelled leave the ledger when they are old enough."""

from collections.abc import Callable

from arxos.domain.ports import OpenUnitOfWork

BATCH = 1000  # jobs deleted in one transaction: short enough to stand in nobody's way


def prune(
    unit_of_work: OpenUnitOfWork,
    older_than_s: float,
    *,
    for_s: float,
    clock: Callable[[], float],
    tell: Callable[[float, str], None],
) -> int:
    """Delete batch by batch until nothing is left that is so old, or for `for_s` seconds by `clock`; returns how many.

    What was deleted stays deleted, should a later batch fail. After each batch `tell` hears what share of the time is
    over, and how many jobs are gone.
    """
    began, pruned = clock(), 0
    while (over_s := clock() - began) < for_s:
        tell(over_s / for_s, f"{pruned} jobs pruned")
        with unit_of_work() as uow:
            batch = uow.jobs.prune(older_than_s, BATCH)
            uow.commit()
        pruned += batch
        if batch < BATCH:
            break
    return pruned
