"""What any ledger tells of its jobs and queues."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.fingerprint import fingerprint
from arxos.domain.jobs.job import STATES, JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.outcome import Outcome, Settlement
from arxos.domain.jobs.snapshot import Crowd, Pool
from tests.builders import beat, new_job
from tests.building_builders import a_building, a_model
from tests.contract.lives import job_in
from tests.unit.test_listing import of_version_7
from tests.worlds import WORKER, World

if TYPE_CHECKING:
    from arxos.domain.jobs.listing import Place


def test_an_unknown_job_is_named(world: World) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.get(unknown)
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        world.do(lambda ledger: ledger.snapshot(unknown, 50))


def test_many_jobs_are_read_at_once_each_with_its_own_attempts_and_who_is_unknown_left_out(world: World) -> None:
    done, waiting = world.insert(new_job(), new_job())
    world.succeed(done)
    found = world.do(lambda ledger: ledger.get_many({done, waiting, uuid4()}))
    assert found == {done: world.get(done), waiting: world.get(waiting)}
    assert [len(found[job_id].attempts) for job_id in (done, waiting)] == [1, 0]


def test_jobs_are_listed_newest_first(world: World) -> None:
    ids = world.insert(*(new_job() for _ in range(3)))
    page = world.do(lambda ledger: ledger.find(JobFilter()))
    assert [job.id for job in page.jobs] == ids[::-1]
    assert page.cursor is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kind": "probe.sleep"}, {"sleep"}),
        ({"queue": "cache"}, {"cache"}),
        ({"state": JobState.DEAD}, {"dead", "odd"}),
        ({"state": JobState.DEAD, "kind": "probe.sleep"}, set()),
        ({"error": "NO SUCH"}, {"dead"}),
        ({"error": "permanenterror: no"}, {"dead"}),
        ({"error": "100%"}, {"odd"}),
        ({"error": "_"}, {"odd"}),
        ({"building_id": UUID(int=7)}, {"building"}),
        ({"building_id": UUID(int=8)}, set()),
        ({"submitted_by": "ada"}, {"building"}),
        ({"submitted_by": "bob"}, set()),
        ({"fingerprint": fingerprint("E", None, "disk_1 is 7% full")}, {"odd"}),
        ({"state": JobState.DEAD, "fingerprint": "0" * 12}, set()),
    ],
)
def test_a_filter_lists_what_fits_all_of_it(world: World, wanted: dict[str, Any], found: set[str]) -> None:
    jobs = {
        "sleep": new_job("probe.sleep"),
        "cache": new_job(queue="cache"),
        "dead": new_job(),
        "odd": new_job(),
        "building": new_job(payload={"building_id": str(UUID(int=7))}, submitted_by="ada"),
    }
    world.insert(*jobs.values())
    world.bury(jobs["dead"].id)
    [odd] = world.claim(jobs["odd"].id)
    world.settle(
        Settlement(odd.id, 1, Outcome.FAILED, JobState.DEAD, error_type="E", error_message="disk_1 is 100% full")
    )
    page = world.do(lambda ledger: ledger.find(JobFilter(**wanted)))
    names = {job.id: name for name, job in jobs.items()}
    assert {names[job.id] for job in page.jobs} == found


@pytest.mark.parametrize(
    ("named", "found"), [("since", "new"), ("until", "old"), ("finished_since", "new"), ("finished_until", "old")]
)
def test_a_filter_by_time_lists_what_came_or_ended_since_or_until_then(world: World, named: str, found: str) -> None:
    jobs = {"old": new_job(), "new": new_job()}
    world.insert(jobs["old"])
    world.bury(jobs["old"].id)
    world.pass_time(60)
    world.insert(jobs["new"])
    world.bury(jobs["new"].id)
    times: dict[str, Any] = {named: world.now() - timedelta(seconds=30)}
    which = JobFilter(**times)
    page = world.do(lambda ledger: ledger.find(which))
    assert [job.id for job in page.jobs] == [jobs[found].id]


def test_what_has_not_ended_fits_no_filter_by_its_end(world: World) -> None:
    world.insert(new_job())
    for named in ("finished_since", "finished_until"):
        times: dict[str, Any] = {named: world.now()}
        which = JobFilter(**times)
        assert world.do(lambda ledger, which=which: ledger.find(which)).jobs == ()  # type: ignore[misc]


def test_jobs_are_counted_up_to_a_limit(world: World) -> None:
    world.insert(*(new_job() for _ in range(3)), new_job("probe.sleep"))
    assert world.do(lambda ledger: ledger.count(JobFilter(), 10)) == 4
    assert world.do(lambda ledger: ledger.count(JobFilter(), 2)) == 2
    assert world.do(lambda ledger: ledger.count(JobFilter(kind="probe.noop"), 10)) == 3


def test_jobs_are_found_by_where_their_ids_lie(world: World) -> None:
    ids = world.insert(*(new_job(id=UUID(int=n)) for n in (16, 17, 31, 32)))
    assert world.do(lambda ledger: ledger.ids_between(UUID(int=16), UUID(int=31), 10)) == ids[:3]
    assert world.do(lambda ledger: ledger.ids_between(UUID(int=16), UUID(int=31), 2)) == ids[:2]
    assert world.do(lambda ledger: ledger.ids_between(UUID(int=18), UUID(int=30), 2)) == []


def test_pages_stay_right_while_jobs_are_added(world: World) -> None:
    old = world.insert(*(new_job() for _ in range(7)))
    seen: list[UUID] = []
    cursor: Place | None = None
    while True:
        page = world.do(lambda ledger, before=cursor: ledger.find(JobFilter(), limit=3, before=before))  # type: ignore[misc]
        seen += [job.id for job in page.jobs]
        world.insert(new_job(), new_job())
        if (cursor := page.cursor) is None:
            break
    assert seen == old[::-1]


def test_jobs_whose_ids_their_submitters_chose_are_where_they_were_created(world: World) -> None:
    ids: list[UUID] = []
    for number in range(9):  # of every third the id is its own, far above or below the others
        chosen = UUID(int=number) if number % 2 else uuid4()
        ids += world.insert(new_job(id=of_version_7(world.now(), number) if number % 3 else chosen))
        time.sleep(0.002)
        if world.now() == world.now():  # its clock stands still
            world.pass_time(0.002)
    assert [job.id for job in world.do(lambda ledger: ledger.find(JobFilter())).jobs] == ids[::-1]
    seen: list[UUID] = []
    cursor = None
    while len(seen) < len(ids):
        page = world.do(lambda ledger, before=cursor: ledger.find(JobFilter(), limit=2, before=before))  # type: ignore[misc]
        seen += [job.id for job in page.jobs]
        cursor = page.cursor
    assert (seen, cursor) == (ids[::-1], None)


def test_a_full_last_page_has_no_cursor(world: World) -> None:
    world.insert(*(new_job() for _ in range(3)))
    assert world.do(lambda ledger: ledger.find(JobFilter(), limit=3)).cursor is None


def test_queues_are_counted_by_state(world: World) -> None:
    job_in(world, JobState.DEAD)
    world.insert(new_job(), new_job(), new_job(queue="cache", run_at=world.now() + timedelta(seconds=600)))
    world.do(lambda ledger: ledger.pause("geometry", Operator("ada")))
    world.pass_time(60)

    cache, geometry, maintenance = world.do(lambda ledger: ledger.queues())

    assert (cache.queue, cache.states, cache.oldest_due_s, cache.paused_by) == (
        "cache",
        {JobState.QUEUED: 1},
        None,
        None,
    )
    assert (geometry.queue, geometry.states, geometry.oldest_due_s, geometry.paused_by) == ("geometry", {}, None, "ada")
    assert (maintenance.queue, maintenance.states) == ("maintenance", {JobState.QUEUED: 2, JobState.DEAD: 1})
    assert maintenance.oldest_due_s is not None
    assert 60 <= maintenance.oldest_due_s < 120


def test_what_ended_an_hour_ago_counts_in_no_queue(world: World) -> None:
    job_in(world, JobState.SUCCEEDED)
    job_in(world, JobState.CANCELLED)
    job_in(world, JobState.DEAD)
    both = {JobState.SUCCEEDED: 1, JobState.CANCELLED: 1, JobState.DEAD: 1}
    assert world.do(lambda ledger: ledger.queues())[0].states == both
    world.pass_time(3601)
    assert world.do(lambda ledger: ledger.queues())[0].states == {JobState.DEAD: 1}


def test_every_unfinished_state_counts(world: World) -> None:
    live = set(STATES) - {JobState.SUCCEEDED, JobState.CANCELLED}
    for state in live:
        job_in(world, state)
    counted = world.do(lambda ledger: ledger.queues())[0].states
    assert live <= counted.keys()


def test_a_paused_queue_says_by_whom_since_when_and_why(world: World) -> None:
    before = world.now()
    world.do(lambda ledger: ledger.pause("cache", Operator("ada", "the disk is full")))
    [cache] = world.do(lambda ledger: ledger.queues())
    assert (cache.paused_by, cache.pause_reason) == ("ada", "the disk is full")
    assert cache.paused_at is not None
    assert before <= cache.paused_at <= world.now()


def test_the_first_to_pause_a_queue_is_named(world: World) -> None:
    world.do(lambda ledger: ledger.pause("cache", Operator("ada")))
    world.do(lambda ledger: ledger.pause("cache", Operator("bob")))
    assert world.do(lambda ledger: ledger.queues())[0].paused_by == "ada"


def test_resuming_a_queue_that_runs_changes_nothing(world: World) -> None:
    world.do(lambda ledger: ledger.resume("cache", Operator("ada")))
    assert world.do(lambda ledger: ledger.queues()) == []
    assert world.acts() == [("ada", "resume_queue", None)]


def test_a_snapshot_sees_the_jobs_surroundings(world: World) -> None:
    world.insert(first := new_job(), urgent := new_job(priority=5, submitted_by="ada"), other := new_job(queue="cache"))
    world.insert(new := new_job(after=(first.id, other.id)), mine := new_job())
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    running = job_in(world, JobState.RUNNING)
    world.do(lambda ledger: ledger.pause("maintenance", Operator("ada", "a test")))

    seen = world.do(lambda ledger: ledger.snapshot(mine.id, 50, 7))
    blocked = world.do(lambda ledger: ledger.snapshot(new.id, 50))

    assert (seen.job.id, seen.lease_s, seen.republish_s, seen.hold) == (mine.id, 50, 7, None)
    assert (seen.pool, seen.crowd) == (
        Pool(1, 1, 1),
        Crowd(2, 1, 0, 0),
    )  # who else waits for a paused queue is all the same
    assert seen.paused is not None
    assert (seen.paused.scope, seen.paused.by, seen.paused.reason) == (Scope.QUEUE, "ada", "a test")
    assert world.do(lambda ledger: ledger.snapshot(urgent.id, 50)).crowd.ahead == 0
    assert dict(blocked.waits_for) == {first.id: JobState.QUEUED, other.id: JobState.QUEUED}
    assert world.do(lambda ledger: ledger.snapshot(running, 50)).pool == Pool()


def test_a_snapshot_tells_how_long_a_worker_is_silent(world: World) -> None:
    job_id = job_in(world, JobState.RUNNING)
    assert world.do(lambda ledger: ledger.snapshot(job_id, 50)).worker_silent_s is None
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.pass_time(60)
    seen = world.do(lambda ledger: ledger.snapshot(job_id, 50))
    assert seen.worker_silent_s is not None
    assert 60 <= seen.worker_silent_s < 120


def test_a_models_jobs_are_those_about_it_and_those_that_wait_for_them(world: World) -> None:
    with world.unit_of_work() as uow:
        uow.buildings.add(building := a_building())
        model = uow.buildings.add_model(a_model(building.id))
        uow.commit()
    first = new_job(payload={"model_id": str(model.id)})
    second = new_job(payload={"building_id": str(building.id)}, after=(first.id,))
    other = new_job(payload={"building_id": str(building.id)})
    world.insert(first, second, other)

    assert [job.id for job in world.do(lambda ledger: ledger.of_model(model.id))] == [first.id, second.id]
    assert world.do(lambda ledger: ledger.of_model(uuid4())) == []
