"""Starts `arxos` with one of its mechanisms taken away: what a promise is worth shows when its test then fails.

python -m tests.faults.sabotage fencing worker --pool cpu

Or with a clock that is wrong by the seconds in WRONG_BY_S.
"""

import math
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import time_machine

from arxos.domain.errors import CancelledError
from arxos.domain.jobs.retry import RetryPolicy
from arxos.domain.jobs.schedule import slot_key as key
from arxos.domain.jobs.turns import Candidate
from arxos.scheduler import run_relay, ticker
from arxos.scheduler.sight import Sight
from arxos.scheduler.sweeper import Sweeper
from arxos.storage import database, job_rows, ledger, ledger_claim, ledger_insert, ledger_settle, outbox, schedules
from arxos.storage.ingress_queue import IngressQueue, Lying
from arxos.workers import executor, ingress, ingress_message, settling, worker
from arxos.workers.cancelling import Cancelling
from arxos.workers.draining import Drain
from arxos.workers.ingress_message import Wanted
from arxos.workers.limits import HardLimits
from arxos.workers.telling import LOOK, Told

WRONG_BY_S = "FAULTS_WRONG_BY_S"


def fencing() -> None:
    """A late worker may write: neither the attempt's number nor the job's state is looked at, nor history's key."""
    _replace(ledger_settle, "SETTLE", " AND jobs.attempt = o.attempt AND jobs.state = 'running'", "")
    _replace(ledger_settle, "SETTLE", " FROM settled)\n", " FROM settled ON CONFLICT DO NOTHING)\n")


def guarded_claim() -> None:
    """A delivery runs whatever it names, claimed before or not."""
    _replace(ledger_claim, "CLAIM", "state IN ('queued', 'retryable') AND available_at <= clock_timestamp()", "true")


def lease() -> None:
    """Nobody takes back what a silent worker holds."""
    Sweeper.take_back = _nothing  # type: ignore[method-assign, assignment]


def republish() -> None:
    """Nobody publishes again what Redis lost."""
    Sweeper.publish_again = _nothing  # type: ignore[method-assign, assignment]


def poison() -> None:
    """A job may kill its worker for ever."""
    _replace(ledger_settle, "TAKE_BACK", f"lost + 1 >= {job_rows.MAX_LOST}", "false")
    _replace(ledger_settle, "TAKE_BACK", "attempt >= max_attempts", "false")


def lost_answers() -> None:
    """Whoever tries again after a lost answer does not ask what the try before has done."""
    ledger.PostgresLedger.abandon = _nobody  # type: ignore[method-assign, assignment]
    ledger.PostgresLedger.recorded = _nobody  # type: ignore[method-assign, assignment]


def hard_limits() -> None:
    """Nobody ends what takes too long or too much memory."""
    HardLimits.enforce = _nothing  # type: ignore[method-assign, assignment]


def guard() -> None:
    """Nobody looks after what dead children leave running."""
    worker.start_guard = _nothing  # type: ignore[attr-defined]


def cancel_grace() -> None:
    """Nobody ends what is cancelled and does not stop."""
    Cancelling._end = _nothing  # type: ignore[method-assign, assignment]


def telling() -> None:
    """Nobody tells running bodies that they are cancelled."""
    Cancelling.look = _nothing  # type: ignore[method-assign, assignment]


def notices() -> None:
    """Whoever hears the signal takes it for its own."""
    hear = Told.hear

    def takes_it(told: Told, number: int, frame: Any) -> None:
        if number == LOOK and not told._spared:
            raise CancelledError("somebody is to stop")
        hear(told, number, frame)

    Told.hear = takes_it  # type: ignore[method-assign, assignment]


def tidiness() -> None:
    """What an interrupted body has started runs on."""
    worker.end_offspring = _nothing  # type: ignore[attr-defined]


def drain() -> None:
    """A stopping worker waits for what runs, however long, however often it is told."""
    Drain.check = _nothing  # type: ignore[method-assign, assignment]


def patience() -> None:
    """Claims and settlements are tried once."""
    for module in (executor, settling):
        module.patiently = lambda act, **_: act(False)  # type: ignore[attr-defined]


def sight() -> None:
    """After an outage of the database everybody is dead who could not be heard in it."""
    Sight.steady_s = lambda *_: math.inf  # type: ignore[method-assign]


def haste() -> None:
    """Duties share their connections with jobs, and wait as long as these."""
    for module in (worker, run_relay):
        module.hasty = lambda runtime: runtime  # type: ignore[attr-defined]


def fresh_connections() -> None:
    """A pool keeps what it has, although one of its connections turned out to be useless."""
    database._mates_dropped = lambda *_: nullcontext()  # type: ignore[assignment]


def short_waits() -> None:
    """A pool that cannot connect waits longer from try to try."""
    database.ConnectionPool = partial(_without, database.ConnectionPool, "reconnect_timeout")  # type: ignore[assignment, attr-defined]


def idle_limit() -> None:
    """A transaction may be idle for as long as a statement may take."""
    database.IDLE_S = database.ANSWER_S


def vacuum_alarm() -> None:
    """Nobody looks for transactions that hold vacuum back."""
    Sweeper.look_at_vacuum = _nothing  # type: ignore[method-assign, assignment]


def slot_key() -> None:
    """A slot's job has a key that no other has, even if it is another job of the same slot."""
    ticker.slot_key = lambda name, slot: f"{key(name, slot)}#{uuid4()}"  # type: ignore[attr-defined]


def slot() -> None:
    """Neither net is there: not the guard of what is dealt with, nor the slot's key."""
    slot_key()
    _replace(schedules, "ADVANCE", "AND done_until = %(seen)s AND changed_at = %(changed_at)s", "")


def slot_transaction() -> None:
    """A slot's job is sent first and recorded later, and has no key."""
    slot_key()
    advance = schedules.Schedules.advance

    def sent_then_recorded(self: Any, seen: Any, due: Any, jobs: Any, error: str | None = None) -> bool:
        with self.database.connection() as connection:
            ledger_insert.insert(connection, jobs)
            connection.commit()
        return advance(self, seen, due, (), error)

    schedules.Schedules.advance = sent_then_recorded  # type: ignore[method-assign]


def stalled_beat() -> None:
    """A beat that stalls in a transaction keeps what it has locked for as long as any session may."""
    _replace(schedules, "HASTE", "'5s'", "'60s'")


def one_entry() -> None:
    """What is wrong with one entry is everybody's matter."""
    ticker.Ticker._attend = ticker.Ticker._submit  # type: ignore[method-assign]


def database_clock() -> None:
    """A beat goes by its own clock."""
    read = schedules.Schedules.read
    schedules.Schedules.read = lambda self: (read(self)[0], datetime.now(UTC))  # type: ignore[method-assign]


def turns() -> None:
    """Jobs go in the order in which they came, whoever submitted them."""
    due = "state IN ('queued', 'retryable') AND published_at IS NULL AND available_at <= clock_timestamp()"
    fifo = f"SELECT id, kind, batch, trace, '', 0, held FROM jobs WHERE queue = %s AND {due} ORDER BY id LIMIT %s"

    def first_of(connection: Any, queue: str, lanes: Mapping[Any, int]) -> list[Candidate]:
        return [Candidate(*row) for row in connection.execute(fifo, [queue, sum(lanes.values())])]

    outbox.turns.first_of = first_of  # type: ignore[attr-defined]


def one_relay_at_a_time() -> None:
    """Relays hand out places while others count them."""
    _replace(outbox, "ONE_AT_A_TIME", "pg_try_advisory_xact_lock(4027432)", "true")


def left_until_committed() -> None:
    """The ingress takes messages away as it reads them."""
    look = IngressQueue.oldest

    def take(queue: IngressQueue, limit: int, largest: int) -> list[Lying]:
        found = look(queue, limit, largest)
        queue.drop(found, limit)
        return found

    IngressQueue.oldest = take  # type: ignore[method-assign, assignment]


def its_own_id() -> None:
    """Messages give jobs no id and no key."""
    read = ingress_message.read

    def strange(*arguments: Any) -> Wanted:
        wanted = read(*arguments)
        return replace(wanted, job=replace(wanted.job, id=uuid4(), idempotency_key=None))

    ingress.read = strange  # type: ignore[attr-defined, assignment]


def tolerance() -> None:
    """What cannot be read of a row fails the whole answer, also where a newer version has only added to it."""

    def strict(values: dict[str, Any], columns: Any) -> tuple[Any, ...]:
        if "policy" in values:
            RetryPolicy(**values["policy"])
        for column in columns:
            values[column.name] = column.decode(values[column.name])
        return ()

    job_rows._decode = strict


def claim_failures() -> None:
    """A claim that fails counts for nothing, and keeps back whatever is claimed with it."""
    executor.UNCLAIMABLE = ()  # type: ignore[assignment]


def nothing() -> None:
    """All is as it should be."""


MECHANISMS: Mapping[str, Callable[[], None]] = {
    "nothing": nothing,
    "fencing": fencing,
    "guarded-claim": guarded_claim,
    "lease": lease,
    "republish": republish,
    "poison": poison,
    "lost-answers": lost_answers,
    "hard-limits": hard_limits,
    "guard": guard,
    "cancel-grace": cancel_grace,
    "telling": telling,
    "notices": notices,
    "tidiness": tidiness,
    "drain": drain,
    "patience": patience,
    "sight": sight,
    "haste": haste,
    "fresh-connections": fresh_connections,
    "short-waits": short_waits,
    "idle-limit": idle_limit,
    "vacuum-alarm": vacuum_alarm,
    "slot": slot,
    "slot-transaction": slot_transaction,
    "stalled-beat": stalled_beat,
    "one-entry": one_entry,
    "database-clock": database_clock,
    "turns": turns,
    "one-relay-at-a-time": one_relay_at_a_time,
    "left-until-committed": left_until_committed,
    "its-own-id": its_own_id,
    "tolerance": tolerance,
    "claim-failures": claim_failures,
}


def _nothing(*_: Any) -> None:
    return None


def _without(make: Callable[..., Any], option: str, *arguments: Any, **options: Any) -> Any:
    return make(*arguments, **{name: value for name, value in options.items() if name != option})


def _nobody(*_: Any) -> set[Any]:
    return set()


def _replace(module: Any, name: str, old: str, new: str) -> None:
    """Change a statement; fails loudly where the product has moved on and nothing would be taken away."""
    statement: str = getattr(module, name)
    assert old in statement, f"{name} no longer contains {old!r}"
    setattr(module, name, statement.replace(old, new))


def main() -> None:
    """Take the named mechanism away, then be `arxos`."""
    if WRONG_BY_S in os.environ:
        wrong = datetime.now(UTC) + timedelta(seconds=int(os.environ[WRONG_BY_S]))
        time_machine.travel(wrong, tick=True).start()
    MECHANISMS[sys.argv.pop(1)]()
    from arxos.cli.main import main as arxos  # noqa: PLC0415 - after the mechanism is gone

    arxos()


if __name__ == "__main__":
    main()
