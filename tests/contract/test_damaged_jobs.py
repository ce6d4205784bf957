"""A row that cannot be read hides no other: in lists, in reads of many at once, in a claim of a batch."""

import json
from random import Random
from uuid import UUID, uuid4

import pytest

from arxos.api.schemas.jobs import JobList, JobView
from arxos.cli.jobs import job_document
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.graph_svg import draw
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.retry import LARGEST, RetryPolicy, read_policy
from arxos.storage.job_rows import COLUMNS
from arxos.tasks.registry import all_kinds
from arxos.workers.executor import Executor
from tests.builders import beat, delivery, new_job
from tests.damage import BURIED, DAMAGE, RUNS, STAYS, UNCLAIMABLE, UNGUARD, Damage
from tests.fakes import FakeDatabase, fake_ports
from tests.worlds import WORKER, PostgresWorld

each_damage = pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)


@pytest.fixture
def unguarded(postgres: PostgresWorld) -> PostgresWorld:
    """A ledger without the constraints that keep such rows out."""
    postgres.sql(UNGUARD)
    return postgres


def beside_others(world: PostgresWorld, damage: Damage) -> tuple[UUID, list[UUID]]:
    """The damaged job, and those before and after it."""
    before, bad, after = world.insert(new_job(), new_job(), new_job())
    world.sql(f"UPDATE jobs SET {damage.change} WHERE id = %s", bad)
    return bad, [before, after]


@each_damage
def test_it_is_shown_with_what_is_unreadable_and_hides_no_other(unguarded: PostgresWorld, damage: Damage) -> None:
    bad, good = beside_others(unguarded, damage)
    with unguarded.unit_of_work() as uow:
        listed = {job.id: job for job in uow.jobs.find(JobFilter(), limit=10).jobs}
        read = uow.jobs.get_many([bad, *good])
        pages = [uow.jobs.find(JobFilter(), limit=1)]
        while pages[-1].cursor:
            pages.append(uow.jobs.find(JobFilter(), limit=1, before=pages[-1].cursor))
        graph = uow.jobs.graph(bad)
        seen = uow.jobs.snapshot(bad, 30.0)
    assert set(listed) == set(read) == {bad, *good} == {job.id for page in pages for job in page.jobs}
    for job in (listed[bad], read[bad]):
        assert tuple(one.field for one in job.unreadable) == damage.fields
        assert all(one.reason for one in job.unreadable)
    assert not any(listed[job_id].unreadable for job_id in good)
    view = json.loads(JobList.model_construct(items=[JobView.of(job) for job in listed.values()]).model_dump_json())
    shown = next(item for item in view["items"] if item["id"] == str(bad))
    assert [one["field"] for one in shown["unreadable"] or ()] == list(damage.fields)
    JobView.model_validate(shown)
    assert json.dumps(job_document(listed[bad]), default=str)
    assert str(bad) in draw(graph) or "probe.noop" in draw(graph)
    assert ("cannot read" in explain(seen)) is bool(damage.fields)


@each_damage
def test_claimed_among_others_it_alone_is_settled_by_what_is_wrong(unguarded: PostgresWorld, damage: Damage) -> None:
    bad, good = beside_others(unguarded, damage)
    unguarded.do(lambda ledger: ledger.beat(beat(WORKER)))
    ports = fake_ports(FakeDatabase())
    executor = Executor(
        all_kinds(probes=True),
        type(ports)(
            **{name: getattr(ports, name) for name in ports.__slots__} | {"unit_of_work": unguarded.unit_of_work}
        ),
        WORKER,
        random=Random(1),
    )
    executor.deliver("probe.noop", [good[0], bad, good[1]], uuid4())
    assert [unguarded.state(job_id) for job_id in good] == [JobState.SUCCEEDED] * 2
    state, attempt, error, message = unguarded.sql(
        "SELECT state, attempt, error_type, error_message FROM jobs WHERE id = %s", bad
    )[0]
    history = unguarded.sql("SELECT outcome, error_type FROM attempts WHERE job_id = %s", bad)
    match damage.fate:
        case "succeeded":
            assert (state, history) == ("succeeded", [("succeeded", None)])
        case "stays":
            assert (state, history) in [("queued", []), ("resting", [])]
        case fate:
            assert (state, error, history) == ("dead", fate, [("failed", fate)])
            assert attempt >= 1
            assert fate == UNCLAIMABLE or damage.fields[0] in message
    assert {RUNS, STAYS, BURIED, UNCLAIMABLE} >= {damage.fate}


@each_damage
def test_taken_back_from_a_dead_worker_it_hides_no_other(unguarded: PostgresWorld, damage: Damage) -> None:
    ids = unguarded.insert(new_job(), new_job(), new_job())
    unguarded.claim(*ids, message=(message := delivery()))
    unguarded.sql(f"UPDATE jobs SET {damage.change} WHERE id = %s", ids[1])
    taken = unguarded.do(lambda ledger: ledger.lose("signal 9", delivery=message))
    assert {ids[0], ids[2]} <= set(taken)
    assert [unguarded.state(job_id) for job_id in (ids[0], ids[2])] == [JobState.RETRYABLE] * 2


def test_an_unknown_state_can_be_asked_for(unguarded: PostgresWorld) -> None:
    bad, _ = beside_others(unguarded, DAMAGE["an unknown state"])
    with unguarded.unit_of_work() as uow:
        found = uow.jobs.find(JobFilter(state=JobState.UNREADABLE), limit=10).jobs
    assert [(job.id, job.state) for job in found] == [(bad, JobState.UNREADABLE)]


def test_what_a_newer_version_keeps_in_a_policy_stays_there(unguarded: PostgresWorld) -> None:
    bad, _ = beside_others(unguarded, DAMAGE["a newer policy"])
    [claimed] = unguarded.claim(bad)
    assert (claimed.policy, claimed.unreadable) == (RetryPolicy(), ())
    assert unguarded.sql("SELECT policy->>'jitter' FROM jobs WHERE id = %s", bad) == [("full",)]


def test_a_claim_that_fails_again_and_again_comes_to_an_end(unguarded: PostgresWorld) -> None:
    [job_id] = unguarded.insert(new_job(max_attempts=3))
    states = []
    for _ in range(3):
        states.append(unguarded.do(lambda ledger: ledger.fail_claim(job_id, WORKER, TypeError("no such part"))))
        unguarded.sql("UPDATE jobs SET available_at = clock_timestamp() WHERE id = %s", job_id)
    assert states == [JobState.RETRYABLE, JobState.RETRYABLE, JobState.DEAD]
    job = unguarded.get(job_id)
    assert [one.outcome for one in job.attempts] == ["failed"] * 3
    assert job.error_message == "it could not be claimed: TypeError: no such part"
    assert unguarded.do(lambda ledger: ledger.fail_claim(job_id, WORKER, TypeError())) is None


@pytest.mark.parametrize("name", LARGEST)
@pytest.mark.parametrize("value", [-1, 1e308, float("nan"), float("inf"), "1", None, True, [1], {}], ids=str)
def test_parts_of_a_policy_are_numbers_within_reason(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        read_policy({name: value})


def test_every_column_of_a_job_is_read_or_left_out_on_purpose(postgres: PostgresWorld) -> None:
    """A column that is added to the table is added to the codec, or named here."""
    there = {row[0] for row in postgres.sql("SELECT attname FROM pg_attribute WHERE attrelid = 'jobs'::regclass"
             " AND attnum > 0 AND NOT attisdropped")}  # fmt: skip
    own = {"held", "delivery", "cancel_requested_at"}
    assert there - {column.name for column in COLUMNS} == own
