"""The alarm for transactions that are open for too long."""

from dataclasses import dataclass, field
from typing import cast

import structlog

from arxos.scheduler.vacuum_watch import VacuumWatch
from arxos.storage.activity import Activity, Holder

ANALYST, BACKUP = Holder(7, "psql", "idle in transaction", 400.2), Holder(8, "pg_dump", "active", 350.0)


@dataclass
class Sessions:
    """What is open at the moment."""

    open: list[Holder] = field(default_factory=list)

    def holders(self, older_than_s: float) -> list[Holder]:
        return [one for one in self.open if one.age_s > older_than_s]


def test_each_is_told_of_once_and_that_all_are_gone() -> None:
    sessions = Sessions()
    watch = VacuumWatch(cast("Activity", sessions), 300)
    with structlog.testing.capture_logs() as said:
        for sessions.open in ([], [ANALYST], [ANALYST], [ANALYST, BACKUP], [BACKUP], [], []):
            watch.look()
    assert [(line["event"], line.get("pid")) for line in said] == [
        ("vacuum_held_back", 7),
        ("vacuum_held_back", 8),
        ("vacuum_let_go", None),
    ]
    assert (said[0]["application"], said[0]["state"], said[0]["age_s"]) == ("psql", "idle in transaction", 400)


def test_who_is_within_the_limit_is_not_told_of() -> None:
    with structlog.testing.capture_logs() as said:
        VacuumWatch(cast("Activity", Sessions([ANALYST])), 500).look()
    assert said == []
