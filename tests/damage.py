"""Rows of jobs as a newer version, a dump of an older one or another program may leave them."""

from dataclasses import dataclass

RUNS, BURIED, UNCLAIMABLE, STAYS = "succeeded", "UnreadableJobError", "ClaimFailedError", "stays"

# What the schema refuses otherwise: a newer version may allow it, an older one had no such constraint.
UNGUARD = """
ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_moments, DROP CONSTRAINT IF EXISTS jobs_state_check,
    DROP CONSTRAINT IF EXISTS jobs_on_failure_check;
ALTER TABLE attempts DROP CONSTRAINT IF EXISTS attempts_moments;
ALTER TABLE job_edges DROP CONSTRAINT IF EXISTS job_edges_on_failure_check
"""


@dataclass(frozen=True, slots=True)
class Damage:
    """`change`: in SQL. `fields`: what of the row is unreadable then; `fate`: what becomes of it when claimed."""

    change: str
    fields: tuple[str, ...] = ()
    fate: str = RUNS


DAMAGE: dict[str, Damage] = {
    "a newer policy": Damage("""policy = policy || '{"jitter": "full", "max_lost_per_host": {"a": 1}}'"""),
    "an empty policy": Damage("policy = '{}'"),
    "a policy that is a list": Damage("policy = '[1]'", ("policy",), BURIED),
    "a policy that is null": Damage("policy = 'null'", ("policy",), BURIED),
    "a policy in words": Damage("""policy = '{"max_lost": "often", "base_s": 1}'""", ("policy",), BURIED),
    "an endless policy": Damage("""policy = '{"cap_s": 1e308}'""", ("policy",), BURIED),
    "half an attempt": Damage("""policy = '{"max_attempts": 1.5}'""", ("policy",), BURIED),
    "a payload that is a list": Damage("payload = '[1, 2]'", ("payload",), BURIED),
    "a payload that is null": Damage("payload = 'null'", ("payload",), BURIED),
    "a payload beyond reading": Damage(
        "payload = jsonb_build_object('n', repeat('9', 5000)::numeric)", ("payload",), BURIED
    ),
    "a payload beyond depth": Damage("payload = (repeat('[', 5000) || repeat(']', 5000))::jsonb", ("payload",), BURIED),
    "a result that is a number": Damage("result = '7'", ("result",)),
    "an original payload in words": Damage("""original_payload = '"all"'""", ("original_payload",)),
    "an unknown state": Damage("state = 'resting'", ("state",), STAYS),
    "an endless deadline": Damage("deadline = 'infinity'", ("deadline",)),
    "a deadline before Christ": Damage("deadline = '0044-03-15 BC'", ("deadline",), STAYS),
    "due before all time": Damage("available_at = '-infinity'", ("available_at",)),
    "due in the year 20000": Damage("available_at = '20000-01-01 00:00:00+00'", ("available_at",), STAYS),
    "created before Christ": Damage("created_at = '4713-01-01 BC'", ("created_at",)),
    "published in the year 10000": Damage("published_at = '10000-01-01 04:59:59+00'", ("published_at",)),
    "progress that is no number": Damage("progress = 'NaN'", ("progress",)),
    "endless progress": Damage("progress = 'Infinity'", ("progress",)),
    "the last attempt that there is": Damage("attempt = 2147483647", (), UNCLAIMABLE),
}
