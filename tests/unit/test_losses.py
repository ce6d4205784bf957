"""What a worker's parent reports of its dead children."""

import math

from arxos.domain.jobs.job import JobState
from arxos.storage.database import Database
from arxos.storage.outbox import Outbox
from arxos.workers.losses import Losses
from tests.builders import delivery, new_job
from tests.worlds import FakeWorld


def losses(world: FakeWorld) -> Losses:
    """As a worker has them; the outbox is asked only where a message's jobs are known."""
    return Losses(world.unit_of_work, Outbox(Database("postgresql://nowhere")))


def test_a_death_is_reported_once_more_but_takes_nobody_with_it_who_began_later() -> None:
    world, message = FakeWorld(), delivery()
    world.insert(new := new_job())
    world.claim(new.id, message=message)
    reporting = losses(world)
    reporting.add(message, "signal 9")
    reporting.report()
    assert world.state(new.id) is JobState.RETRYABLE

    world.claim(new.id, message=message, worker="other")  # the broker delivered it once more
    reporting.report()

    assert (world.state(new.id), world.get(new.id).lost) == (JobState.RUNNING, 1)


def test_what_was_locked_at_the_first_report_is_taken_back_by_a_later_one() -> None:
    world, message = FakeWorld(), delivery()
    world.insert(new := new_job())
    reporting = losses(world)
    world.claim(new.id, message=message)
    loss = reporting.add(message, "signal 9")
    before = world.database.tables
    reporting.report()
    world.database.tables = before  # as if it had been locked, and skipped
    reporting.report()
    assert math.isfinite(loss.reported)
    assert (world.state(new.id), world.get(new.id).lost) == (JobState.RETRYABLE, 1)
