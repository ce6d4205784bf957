"""How the ledger stands, in numbers: read by partial indexes, so it costs the same beside any history."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from arxos.app import operating
from arxos.app.bootstrap import Runtime
from arxos.domain.jobs.job import FINAL, JobState
from arxos.storage.dead_counts import dead_counts
from arxos.storage.process_facts import living

Samples = Sequence[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Gauges:
    """Each as (label values, number)."""

    jobs: Samples
    oldest: Samples
    dead: Samples
    workers: Samples
    services: Samples
    pool: Samples


def read_gauges(runtime: Runtime) -> Gauges:
    """As it stands now. Raises UnavailableError."""
    alive = living(runtime.database, runtime.settings.lease_s)
    sights = operating.queues(runtime)
    jobs = [
        ((sight.counts.queue, state.value), float(number))
        for sight in sights
        for state, number in sight.counts.states.items()
        if state not in FINAL or state is JobState.DEAD
    ]
    oldest = [((sight.counts.queue,), sight.counts.oldest_due_s or 0.0) for sight in sights]
    consumers = Counter(queue for one in alive for queue in one.queues)
    roles = Counter(one.role for one in alive)
    return Gauges(
        jobs=jobs,
        oldest=oldest,
        dead=dead_counts(runtime.database),
        workers=[((queue,), float(number)) for queue, number in sorted(consumers.items())],
        services=[((role,), float(number)) for role, number in sorted(roles.items())],
        pool=[((name,), float(number)) for name, number in runtime.database.stats().items()],
    )
