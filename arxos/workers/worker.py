"""Starts a Celery worker on one pool's queues."""

import signal
import sys
from dataclasses import replace

from arxos.app.bootstrap import Runtime, hasty
from arxos.app.memory_limits import default_job_memory_mb
from arxos.storage.database import POOL_SIZE
from arxos.storage.outbox import Outbox
from arxos.storage.quarantine import QuarantineTable
from arxos.tasks.queues import Pool, queues_of
from arxos.workers.broker_check import check_broker
from arxos.workers.cancelling import Cancelling
from arxos.workers.celery_app import build_app, register_kinds
from arxos.workers.channel import guard_control, guard_queues
from arxos.workers.children import look_after_children
from arxos.workers.connection import forgive_lost_connections, say_once
from arxos.workers.draining import Drain
from arxos.workers.executor import Executor
from arxos.workers.guard import end_offspring, start_guard
from arxos.workers.lifecycle import Lifecycle, new_beat
from arxos.workers.limits import HardLimits
from arxos.workers.losses import Losses
from arxos.workers.notices import Notices
from arxos.workers.quarantine import Quarantine
from arxos.workers.remote_control import restrict_control
from arxos.workers.telling import LOOK
from arxos.workers.watch import watch

POOL_CLASS = {Pool.CPU: "prefork", Pool.IO: "threads"}
CONNECTIONS_OF_A_CHILD = 2


def run_worker(runtime: Runtime, pool: Pool, concurrency: int) -> None:
    """Consume until told to stop: SIGTERM lets running jobs finish for the drain time, then gives them back."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until Celery listens
    signal.signal(LOOK, signal.SIG_IGN)  # children inherit that, and listen while they run a body
    guard = start_guard() if pool is Pool.CPU else None  # first: it is to inherit next to nothing
    tuple(runtime.ports.readers)  # imports the formats once, before the children are forked
    contracts = {kind.name: kind.contract for kind in runtime.kinds.values()}
    connections = most_connections(pool, concurrency)
    beat = replace(new_beat(pool), contracts=contracts, connections=connections, slots=concurrency)
    notices = Notices()
    executor = Executor(runtime.kinds, runtime.ports, beat.worker, queues_of(pool), notices=notices, tidy=end_offspring)
    app = build_app(runtime.settings, f"arxos-worker-{pool}")
    check_broker(app)
    forgive_lost_connections()
    quarantine = Quarantine(runtime.kinds, QuarantineTable(runtime.database).add)
    _guard(quarantine)
    say_once()
    register_kinds(app, runtime.kinds, executor.deliver)
    if pool is Pool.CPU:
        look_after_children(app, guard)
    duties = hasty(runtime)
    losses = Losses(duties.ports.unit_of_work, Outbox(duties.database))
    cancelling = Cancelling(duties.ports.unit_of_work, beat.worker, notices, runtime.settings.cancel_grace_s)
    drain = Drain(beat.worker, runtime.settings.drain_s)
    drain.connect()
    lifecycle = Lifecycle(duties, beat, losses, cancelling, drain.begin)
    lifecycle.connect()
    limits = HardLimits(runtime.kinds, job_memory_mb(runtime, concurrency), losses.add, lifecycle.abandon)
    watch(limits.enforce, lambda: drain.check(lifecycle.give_back))
    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--pool={POOL_CLASS[pool]}",
            f"--concurrency={concurrency}",
            f"--queues={','.join(queues_of(pool))}",
            f"--hostname={beat.worker.replace(':', '-')}",
            "--loglevel=WARNING",
            "-O",
            "fair",
            "--without-gossip",
            "--without-mingle",
            "--events",
        ]
    )


def _guard(quarantine: Quarantine) -> None:
    """Against whoever else may write to Redis."""
    guard_queues(quarantine.open, quarantine.refuse)
    guard_control()
    restrict_control()


def job_memory_mb(runtime: Runtime, concurrency: int) -> int:
    """MiB that a job may use in this worker: as the settings say, else by the memory there is."""
    return runtime.settings.job_memory_mb or default_job_memory_mb(concurrency)


def most_connections(pool: Pool, concurrency: int) -> int:
    """To the database, of a worker's processes together, at once.

    The parent's duties have a pool of connections of their own beside the parent's other one. A child runs one job at
    a time, which reports its progress while it reads. Of 4 children: 2 × 8 + 4 × 2 = 24; of 4 threads: 2 × 8 = 16.
    """
    return 2 * POOL_SIZE + (concurrency * CONNECTIONS_OF_A_CHILD if pool is Pool.CPU else 0)
