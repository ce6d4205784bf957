"""The table of periodic jobs: data only. Each entry becomes a row of `schedules` that operators may change.

An entry, for example::

    Entry("nightly-canary", "probe.noop", Rhythm(cron="0 3 * * *", timezone="Europe/Berlin"), policy=Policy.LATEST)
"""

from arxos.domain.jobs.schedule import Entry
from arxos.domain.jobs.slots import Rhythm

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400

TABLE: tuple[Entry, ...] = (
    Entry("ledger-prune", "ledger.prune", Rhythm(every_s=HOUR_S), jitter_s=600),
    Entry("health-parts", "health.parts", Rhythm(every_s=MINUTE_S), jitter_s=10),
    Entry("health-sweep", "health.sweep", Rhythm(every_s=15 * MINUTE_S), jitter_s=MINUTE_S),
    Entry("rollup-jobs", "rollup.jobs", Rhythm(every_s=5 * MINUTE_S), jitter_s=20),
    Entry("rollup-buildings", "rollup.buildings", Rhythm(every_s=6 * HOUR_S), jitter_s=20 * MINUTE_S),
    Entry("audit-ledger", "audit.ledger", Rhythm(every_s=DAY_S), jitter_s=HOUR_S),
    Entry("audit-index", "audit.index", Rhythm(every_s=7 * DAY_S), jitter_s=6 * HOUR_S),
    Entry("audit-cache", "audit.cache", Rhythm(every_s=6 * HOUR_S), jitter_s=HOUR_S),
    Entry("audit-blobs", "audit.blobs", Rhythm(every_s=7 * DAY_S), jitter_s=6 * HOUR_S),
    Entry("blobs-collect", "blobs.collect", Rhythm(every_s=DAY_S), jitter_s=HOUR_S),
)
