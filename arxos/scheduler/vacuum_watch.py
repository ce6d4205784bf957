"""An alarm for transactions that keep dead rows of the ledger from being cleared: claims get slower and slower."""

from dataclasses import dataclass, field

import structlog

from arxos.storage.activity import Activity, Holder

log = structlog.get_logger()


@dataclass(slots=True)
class VacuumWatch:
    """Says once of each transaction that it is open for too long, and once that none is any more."""

    activity: Activity
    older_than_s: float
    _known: dict[tuple[int, str], Holder] = field(default_factory=dict)

    def look(self) -> None:
        """Ask the database. Raises UnavailableError."""
        found = {(one.pid, one.application): one for one in self.activity.holders(self.older_than_s)}
        for key in found.keys() - self._known.keys():
            one = found[key]
            log.warning(
                "vacuum_held_back", pid=one.pid, application=one.application, state=one.state, age_s=round(one.age_s)
            )
        if self._known and not found:
            log.info("vacuum_let_go", after_s=round(max(one.age_s for one in self._known.values())))
        self._known = found
