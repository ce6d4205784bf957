"""The table of periodic jobs: data only. Each entry becomes a row of `schedules` that operators may change.

An entry, for example::

    Entry("nightly-canary", "probe.noop", Rhythm(cron="0 3 * * *", timezone="Europe/Berlin"), policy=Policy.LATEST)
"""

from arxos.domain.jobs.schedule import Entry

TABLE: tuple[Entry, ...] = ()
