"""The ring of notices that a worker shares with its children."""

import os
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from arxos.workers.notices import ENTRY, Notices


def test_who_is_named_is_found_and_nobody_else() -> None:
    notices, job = Notices(), uuid4()
    assert not notices.name(job, 1)
    notices.put(job, 1)
    assert notices.name(job, 1)
    assert not notices.name(job, 2)
    assert not notices.name(uuid4(), 1)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), max_size=40))
def test_the_latest_are_remembered_and_counted(told: list[tuple[int, int]]) -> None:
    notices = Notices(room=8)
    for number, attempt in told:
        notices.put(UUID(int=number), attempt)
    assert notices.count == len(told)
    for number in range(1, 10):
        for attempt in range(1, 4):
            assert notices.name(UUID(int=number), attempt) == ((number, attempt) in told[-8:])


def test_two_neighbours_do_not_name_a_third_between_them() -> None:
    """Clients may choose ids: nobody shall cancel another's job by two of their own."""
    notices, victim = Notices(), UUID(int=0x1234)
    whole = ENTRY.pack(victim.bytes, 1)
    for shift in range(1, ENTRY.size):
        shifted = bytes(shift) + whole + bytes(ENTRY.size - shift)
        notices._memory[ENTRY.size : 3 * ENTRY.size] = shifted
        assert not notices.name(victim, 1)
    notices.put(victim, 1)
    assert notices.name(victim, 1)


def test_a_child_sees_what_its_parent_tells_after_the_fork() -> None:
    notices, job = Notices(), uuid4()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(reader, 1)
        os._exit(0 if notices.name(job, 1) else 1)
    notices.put(job, 1)
    os.write(writer, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(reader)
    os.close(writer)


def test_only_notices_since_then_are_looked_at() -> None:
    notices, job = Notices(8), uuid4()
    notices.put(job, 1)
    before = notices.count
    assert not notices.name(job, 1, since=before)
    notices.put(job, 2)
    assert notices.name(job, 2, since=before)
    for _ in range(20):
        notices.put(uuid4(), 1)
    assert not notices.name(job, 2, since=before)  # it gave way to later ones
