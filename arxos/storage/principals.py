"""The principal of a job's row, in SQL: rows of older versions have none and are told apart by `submitted_by`."""

from typing import LiteralString

PRINCIPAL: LiteralString = "job_principal(jobs.principal, jobs.submitted_by)"
