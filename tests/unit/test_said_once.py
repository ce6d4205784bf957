"""What Celery says at every try to reach the broker is logged once in a while."""

import logging

from arxos.workers.connection import SAID_AGAIN_S, SaidOnce

CANNOT = "consumer: Cannot connect to %s: %s.\n%s\n"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def said(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("celery", logging.ERROR, "", 0, message, args, None)


def test_an_outage_is_said_once_however_many_the_tries() -> None:
    once = SaidOnce(Clock())
    tries = [said(CANNOT, "redis://", OSError("refused"), f"Trying again in {n} seconds... ({n}/None)") for n in (1, 2)]
    assert [once.filter(one) for one in tries] == [True, False]


def test_another_reason_is_said_at_once() -> None:
    once = SaidOnce(Clock())
    assert once.filter(said(CANNOT, "redis://", OSError("refused"), ""))
    assert once.filter(said(CANNOT, "redis://", OSError("loading"), ""))


def test_a_long_outage_is_said_again_every_minute() -> None:
    once = SaidOnce(clock := Clock())
    heard = 0
    for clock.now in range(int(10 * SAID_AGAIN_S)):
        heard += once.filter(said("Frequent restarts detected"))
    assert heard == 10
