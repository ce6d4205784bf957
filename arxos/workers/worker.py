"""Starts a Celery worker on one pool's queues."""

from arxos.app.bootstrap import Runtime
from arxos.tasks.queues import Pool, queues_of
from arxos.workers.broker_check import check_broker
from arxos.workers.celery_app import build_app, register_kinds
from arxos.workers.executor import Executor
from arxos.workers.lifecycle import Lifecycle, new_beat

POOL_CLASS = {Pool.CPU: "prefork", Pool.IO: "threads"}


def run_worker(runtime: Runtime, pool: Pool, concurrency: int) -> None:
    """Consume until told to stop: SIGTERM lets running jobs finish for the drain time, then gives them back."""
    tuple(runtime.ports.readers)  # imports the formats once, before the children are forked
    beat = new_beat(pool)
    executor = Executor(runtime.kinds, runtime.ports, beat.worker)
    app = build_app(runtime.settings)
    check_broker(app)
    register_kinds(app, runtime.kinds, executor.deliver)
    lifecycle = Lifecycle(runtime, beat)
    lifecycle.connect()
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
