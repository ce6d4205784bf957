"""Asking workers to finish and go, in any ledger."""

import pytest

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.operator import Operator
from tests.builders import beat
from tests.worlds import WORKER, World

ADA = Operator("ada", "it leaks", "cli@host")


def test_a_worker_hears_with_its_next_heartbeat_that_it_is_to_go(world: World) -> None:
    assert not world.do(lambda ledger: ledger.beat(beat(WORKER)))
    assert not world.do(lambda ledger: ledger.beat(beat("io@host:2:bbbbbb")))
    world.at_desk(lambda desk: desk.drain(WORKER, ADA))
    assert world.do(lambda ledger: ledger.beat(beat(WORKER)))
    assert not world.do(lambda ledger: ledger.beat(beat("io@host:2:bbbbbb")))
    assert world.acts() == [("ada", "drain_worker", None)]


def test_who_asked_first_stays_named(world: World) -> None:
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.at_desk(lambda desk: desk.drain(WORKER, ADA))
    world.at_desk(lambda desk: desk.drain(WORKER, Operator("bob")))
    assert world.acts() == [("ada", "drain_worker", None)]


def test_nobody_drains_a_worker_that_is_gone(world: World) -> None:
    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    world.do(lambda ledger: ledger.retire(WORKER))
    with pytest.raises(NotFoundError, match=f"no worker '{WORKER}'"):
        world.at_desk(lambda desk: desk.drain(WORKER, ADA))
