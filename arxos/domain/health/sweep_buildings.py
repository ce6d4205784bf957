"""Order a check of every building that is due, however many there are."""

from collections.abc import Callable, Sequence
from uuid import UUID

from arxos.domain.health.report import Sweep
from arxos.domain.jobs.job import NewJob, OnFailure
from arxos.domain.ports import OpenUnitOfWork

CHUNK = 1000  # checks that are ordered in one transaction
GIVEN_UP_S = 6 * 3600.0  # a sweep that began so long ago keeps no other from beginning
FIRST = UUID(int=0)
ALL = 2**128


def order_checks(
    unit_of_work: OpenUnitOfWork,
    sweep: Sweep,
    report_id: UUID,
    check_of: Callable[[UUID], NewJob],
    older_than_s: float,
    tell: Callable[[float, str], None],
) -> Sweep:
    """Insert the checks, and let the report wait for them. Each chunk is a transaction with the place it ends at.

    An attempt that was interrupted is gone on with by the next one of the same job; of two at once, one is refused.
    Raises ConflictError.
    """
    while True:
        with unit_of_work() as uow:
            due = uow.health.due(after=sweep.place or FIRST, older_than_s=older_than_s, limit=CHUNK)
            if not due:
                return sweep
            checks: Sequence[NewJob] = [check_of(building_id) for building_id in due]
            uow.jobs.wait_too(report_id, uow.jobs.insert(checks), OnFailure.RUN)
            sweep = uow.health.go_on(sweep, due[-1], len(due))
            uow.commit()
        tell(due[-1].int / ALL, f"{sweep.due} checks ordered")
