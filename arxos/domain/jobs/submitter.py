"""Who submits a job: as an entry point has authenticated them, never as they call themselves.

The principal owns the job and its idempotency key. Its first word says which entry point vouches for it, so that no
name that a caller can choose, such as a token's `sub`, reaches another's keys or jobs.

==================  ==================================================================
``user:ada``        a token's subject, by HTTP or the console; at the command line, ``--as ada``
``cli:root``        an operator at the command line who names nobody: the user of the operating system
``ingress``         every plain Celery producer
``schedule``        the beat
``system``          reactions, follow-ups and deliveries
==================  ==================================================================

Older versions stored none: `arxos.storage.principals` tells it by ``submitted_by``.
"""

from dataclasses import dataclass

from arxos.domain.access import PERMISSIONS, Permission, Role
from arxos.domain.jobs.job import Job

USER = "user:"
SYSTEM, SCHEDULE, INGRESS = "system", "schedule", "ingress"


@dataclass(frozen=True, slots=True)
class Submitter:
    """`name` is recorded as ``submitted_by``; `title`: what a refusal calls them."""

    name: str
    principal: str
    title: str
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        """Whether they hold it."""
        return permission in self.permissions


def user(subject: str, role: Role) -> Submitter:
    """A token's or a session's subject."""
    return Submitter(subject, principal_of_user(subject), role, PERMISSIONS[role])


def command_line(login: str, named: str | None = None) -> Submitter:
    """An operator on the machine, who has the database anyway: a super_admin. `named`: in whose name they act."""
    principal = principal_of_user(named) if named else f"cli:{login}"
    return Submitter(named or "cli", principal, "an operator", PERMISSIONS[Role.SUPER_ADMIN])


def producer(key_id: str | None = None) -> Submitter:
    """A plain Celery producer, by the name of the key that signed; what an editor may, a producer may."""
    return Submitter(f"ingress:{key_id}" if key_id else "ingress", INGRESS, "ingress", PERMISSIONS[Role.EDITOR])


def schedule(name: str) -> Submitter:
    """A schedule's own authority. Who may write the schedule's entry is asked when it is written."""
    return Submitter(f"schedule:{name}", SCHEDULE, "a schedule", PERMISSIONS[Role.SUPER_ADMIN])


def principal_of_user(subject: str) -> str:
    """The principal of a token's subject."""
    return f"{USER}{subject}"


def is_own(job: Job, subject: str) -> bool:
    """Whether the job belongs to that token's subject: named by it, and submitted in the name of a user at all."""
    return job.submitted_by == subject and (job.principal or "").startswith(USER)
