"""The table of periodic jobs: data only. Each entry becomes a row of `schedules` that operators may change.

An entry, for example::

    Entry("nightly-canary", "probe.noop", Rhythm(cron="0 3 * * *", timezone="Europe/Berlin"), policy=Policy.LATEST)
"""

from arxos.domain.jobs.schedule import Entry
from arxos.domain.jobs.slots import Rhythm

HOUR_S, DAY_S = 3600, 86_400

TABLE: tuple[Entry, ...] = (
    Entry("ledger-prune", "ledger.prune", Rhythm(every_s=HOUR_S), jitter_s=600),
    Entry("blobs-collect", "blobs.collect", Rhythm(every_s=DAY_S), jitter_s=HOUR_S),
)
