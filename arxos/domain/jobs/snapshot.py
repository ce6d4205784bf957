"""What was true of a job and its surroundings at one moment: the facts from which `explain` makes its sentences."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.untaken import Untaken


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing starts of this queue or kind."""

    scope: Scope
    name: str
    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A limit that leaves a job no room. `group`: what is counted, such as ``kind:building.validate/<building>``.

    `holders`: some of the jobs that have the places. `next_start_s`: when the rate allows one more, if it has none.
    """

    group: str
    allowed: Allowance | None  # None: the limit is gone, or it is a pause
    in_flight: int = 0
    holders: tuple[UUID, ...] = ()
    next_start_s: float | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """The due jobs of a queue. `ahead`: those of anybody that are due and whose turn is before the job's.

    `own_in_flight`: of its submitter's, published or running there; `others`: how many other submitters have due jobs.
    """

    ahead: int = 0
    own_in_flight: int = 0
    others_in_flight: int = 0
    others: int = 0


@dataclass(frozen=True, slots=True)
class Pool:
    """Living workers. `consumers`: of the job's queue; `able`: those of them that can read the job's contract.

    `running`: jobs of its queue that run now.
    """

    consumers: int = 0
    able: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it, by the database's clock. `lease_s`, `republish_s`: how patient sweeper and relay are."""

    now: datetime
    job: Job
    lease_s: float = 10.0
    republish_s: float = 10.0
    pool: Pool = Pool()
    crowd: Crowd = Crowd()
    paused: Pause | None = None
    hold: Hold | None = None
    worker_silent_s: float | None = None  # since its worker's last heartbeat; None: no such worker row
    waits_for: tuple[tuple[UUID, JobState], ...] = ()  # unfinished predecessors
    relay: str | None = None  # what is wrong with publishing
    untaken: Untaken | None = None  # of its queue: what is published does not reach the workers
