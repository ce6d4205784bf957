"""What operators see of the system at work, and do to it: shown by the HTTP interface and the console alike.

Names that do not exist are not found; whatever is done is recorded with who did it.
"""

from dataclasses import dataclass

from arxos.app.bootstrap import Runtime
from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.ledger import QueueCounts
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.operator import Operator
from arxos.storage.limit_acts import Limits, Usage
from arxos.storage.worker_facts import WorkerFacts, workers
from arxos.tasks.queues import POOL_OF, Pool


@dataclass(frozen=True, slots=True)
class QueueSight:
    """A queue with who consumes it. `workers`: living ones; `slots`: how many jobs these run at once, all queues.

    `pool` None: no worker of this version consumes it.
    """

    counts: QueueCounts
    pool: Pool | None
    workers: int
    slots: int


def living(runtime: Runtime) -> list[WorkerFacts]:
    """The workers that were heard of within a lease."""
    return [one for one in workers(runtime.database) if one.silent_s <= runtime.settings.lease_s]


def queues(runtime: Runtime) -> list[QueueSight]:
    """Every queue by name, those without jobs too."""
    with runtime.ports.unit_of_work() as uow:
        known = {one.queue: one for one in uow.jobs.queues()}
    alive = living(runtime)
    names = sorted({*POOL_OF, *known})
    return [_sight(known.get(name) or QueueCounts(name, {}, None, None), alive) for name in names]


def _sight(counts: QueueCounts, alive: list[WorkerFacts]) -> QueueSight:
    consumers = [one for one in alive if counts.queue in one.queues]
    return QueueSight(counts, POOL_OF.get(counts.queue), len(consumers), sum(one.slots or 0 for one in consumers))


def pause(runtime: Runtime, scope: Scope, name: str, by: Operator) -> Usage:
    """Start nothing more of a queue or kind. Who paused it first stays named. Raises NotFoundError."""
    _check(runtime, scope, name)
    with runtime.ports.unit_of_work() as uow:
        uow.jobs.pause(name, by, scope)
        uow.commit()
    return _standing(runtime, scope, name)


def resume(runtime: Runtime, scope: Scope, name: str, by: Operator) -> None:
    """Let it go on. Raises NotFoundError."""
    _check(runtime, scope, name)
    with runtime.ports.unit_of_work() as uow:
        uow.jobs.resume(name, by, scope)
        uow.commit()


def set_limit(runtime: Runtime, scope: Scope, name: str, allowed: Allowance, by: Operator) -> Usage:
    """A limit in place of the one that there is; as it stands then. Raises NotFoundError, InvalidError."""
    _check(runtime, scope, name)
    Limits(runtime.database).set(scope, name, allowed, by)
    return _standing(runtime, scope, name)


def remove_limit(runtime: Runtime, scope: Scope, name: str, by: Operator) -> None:
    """Raises NotFoundError. One that comes with the code is back with the next relay."""
    Limits(runtime.database).remove(scope, name, by)


def set_share(runtime: Runtime, submitter: str, weight: float, by: Operator) -> None:
    """A submitter's weight where several share a queue; 1 is everybody's. Raises InvalidError."""
    Limits(runtime.database).share(submitter, weight, by)


def drain(runtime: Runtime, worker: str, by: Operator) -> None:
    """Have a worker finish what runs, and end. Raises NotFoundError."""
    with runtime.ports.unit_of_work() as uow:
        uow.desk.drain(worker, by)
        uow.commit()


def _standing(runtime: Runtime, scope: Scope, name: str) -> Usage:
    return next(one for one in Limits(runtime.database).usage() if (one.scope, one.name) == (scope, name))


def _check(runtime: Runtime, scope: Scope, name: str) -> None:
    if name not in (runtime.kinds if scope is Scope.KIND else POOL_OF):
        raise NotFoundError(f"no {'job kind' if scope is Scope.KIND else 'queue'} {name!r}")
