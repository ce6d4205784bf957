"""Workers that live, are idle and never hear of what is published: told, and not only waited for."""

from contextlib import closing

import pytest

from arxos.app.components import Components
from arxos.domain.health.report import HealthStatus
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.job import JobState
from tests.faults.conftest import MakeSystem
from tests.faults.ground import Ground
from tests.faults.system import System
from tests.running import wait_until

pytestmark = pytest.mark.slow


def test_a_worker_that_consumes_another_redis_database_is_told_of(make_system: MakeSystem, ground: Ground) -> None:
    system = make_system(roles=("relay",))
    system.start("worker-cpu", ARXOS_BROKER_URL=ground.servers.redis_database(5))
    wait_until(lambda: system.sql("SELECT count(*) FROM workers") == [(1,)], "the worker lives")
    job_id = system.submit("probe.noop", queue="maintenance")

    def why() -> str:
        with system.runtime.ports.unit_of_work() as uow:
            return explain(uow.jobs.snapshot(job_id, 10.0))

    wait_until(lambda: "and no worker takes it" in why(), "`why` tells of it", 120)
    assert "the same Redis and the same database number in ARXOS_BROKER_URL" in why()
    wait_until(lambda: delivery(system) is HealthStatus.DEGRADED, "health tells of it", 60)
    system.start("worker-io", ("worker", "--pool", "cpu", "--concurrency", "1"))  # at the relay's own
    system.reaches(job_id, JobState.SUCCEEDED)
    assert delivery(system) is HealthStatus.HEALTHY


def delivery(system: System) -> HealthStatus:
    runtime = system.runtime
    with closing(Components(runtime.settings, runtime.database, runtime.ports.blobs)) as components:
        return components.look()["delivery"].status
