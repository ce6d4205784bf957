"""What is due and who could do it."""

from collections.abc import Mapping
from dataclasses import dataclass

from arxos.domain.jobs.untaken import Untaken
from arxos.storage.database import Database
from arxos.storage.delivery_facts import untaken
from arxos.storage.process_facts import LivingProcess, read_living

# Jobs that no worker can read are parked: they are due again within two minutes.
DUE = """
SELECT queue, kind, contract, count(*), count(*) FILTER (WHERE age >= 0 AND held = ''),
    count(*) FILTER (WHERE age >= 0 AND held <> ''),
    coalesce(max(age) FILTER (WHERE age >= 0 AND held = ''), 0),
    coalesce(max(age) FILTER (WHERE age >= 0 AND held = '' AND published_at IS NULL), 0),
    coalesce(max(age) FILTER (WHERE age >= 0 AND held = '' AND published_at IS NOT NULL), 0),
    coalesce(max(age) FILTER (WHERE age >= 0 AND held <> ''), 0)
FROM (
    SELECT *, extract(epoch FROM clock_timestamp() - greatest(available_at, 'epoch'))::float AS age FROM jobs
    WHERE state IN ('queued', 'retryable') AND available_at <= clock_timestamp() + interval '2 minutes') near
GROUP BY queue, kind, contract ORDER BY queue, kind, contract
"""
PAUSED = """
SELECT 'queue', queue, paused_by || coalesce(' (' || reason || ')', '') FROM queue_pauses
UNION ALL SELECT 'kind', kind, paused_by || coalesce(' (' || reason || ')', '') FROM kind_pauses
"""


@dataclass(frozen=True, slots=True)
class DueJobs:
    """Waiting jobs of one queue, kind and contract. Ages in seconds since they were due; 0: there are none."""

    queue: str
    kind: str
    contract: int
    near: int  # due by now or within two minutes
    count: int  # due by now, and held by nothing
    held: int  # due by now, but a limit or a pause of the kind has no room for them
    oldest_s: float  # of `count`
    oldest_unpublished_s: float
    oldest_published_s: float
    oldest_held_s: float


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """The work of one moment."""

    due: tuple[DueJobs, ...]
    living: tuple[LivingProcess, ...]
    paused_queues: Mapping[str, str]  # by whom, and why
    paused_kinds: Mapping[str, str]
    untaken: tuple[Untaken, ...]  # what is published and does not reach idle workers

    def consumers(self, queue: str) -> list[LivingProcess]:
        """The living workers of a queue."""
        return [one for one in self.living if queue in one.queues]

    def going(self) -> list[DueJobs]:
        """What nobody has paused."""
        return [one for one in self.due if one.queue not in self.paused_queues and one.kind not in self.paused_kinds]

    def wanted(self) -> list[DueJobs]:
        """What of it is due and could start."""
        return [one for one in self.going() if one.count]


def work_facts(database: Database, lease_s: float, republish_s: float) -> WorkFacts:
    """Ask the ledger; workers silent for `lease_s` do not count. Raises UnavailableError."""
    with database.connection() as connection:
        due = tuple(DueJobs(*row) for row in connection.execute(DUE))
        paused: dict[str, dict[str, str]] = {"queue": {}, "kind": {}}
        for scope, name, by in connection.execute(PAUSED):
            paused[scope][name] = by
        return WorkFacts(
            due,
            read_living(connection, lease_s),
            paused["queue"],
            paused["kind"],
            untaken(connection, lease_s, republish_s),
        )
