"""Taking a building away, and what is still to be done for it."""

from collections.abc import Container
from uuid import UUID

import structlog

from arxos.domain.buildings.remove_building import remove_building
from arxos.domain.errors import TransientError
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.ports import OpenUnitOfWork

log = structlog.get_logger()


def take_away(
    unit_of_work: OpenUnitOfWork, building_id: UUID, *, by: str, source: str, seen: Container[int] | None = None
) -> None:
    """Remove the building, then cancel its jobs. Raises NotFoundError, StaleError.

    In two transactions: a worker that settles holds its job first and the building second, and never waits for us so.
    A job that is left over ends as well: its building or model is not there.
    """
    remove_building(unit_of_work, building_id, by=by, source=source, seen=seen)
    log.info("building_deleted", building_id=str(building_id), by=by)
    try:
        _cancel_jobs(unit_of_work, building_id, by)
    except TransientError as error:
        log.warning("jobs_left_over", building_id=str(building_id), error=str(error))


def _cancel_jobs(unit_of_work: OpenUnitOfWork, building_id: UUID, by: str) -> None:
    which, before, reason = JobFilter(building_id=building_id), None, f"building '{building_id}' was deleted"
    while True:
        with unit_of_work() as uow:
            page = uow.jobs.cancel_all(which, by, reason, before=before)
            uow.commit()
        if (before := page.cursor) is None:
            return
