"""Who may do what: one table, read by the HTTP interface, the console and their documentation."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from arxos.app.tokens import Role


class Permission(StrEnum):
    """What can be allowed."""

    READ = "read"  # see jobs, buildings, workers, acts
    WRITE = "write"  # add and change buildings, hand in models
    SUBMIT = "submit"  # jobs, and where to tell of their end
    CANCEL_OWN = "cancel own"  # jobs that one submitted oneself
    CANCEL = "cancel"  # anybody's, and make waiting ones due
    DELETE = "delete"  # buildings
    REDRIVE = "redrive"
    DISCARD = "discard"
    SCHEDULE = "schedule"  # add, change, pause and run schedules
    ADMINISTER = "administer"  # pauses, limits and shares; workers; tokens, sessions and everybody's webhooks


_VIEWER = frozenset({Permission.READ})
_EDITOR = _VIEWER | {Permission.WRITE, Permission.SUBMIT, Permission.CANCEL_OWN}
_ADMIN = _EDITOR | {
    Permission.CANCEL,
    Permission.DELETE,
    Permission.REDRIVE,
    Permission.DISCARD,
    Permission.SCHEDULE,
}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.EDITOR: _EDITOR,
    Role.ADMIN: _ADMIN,
    Role.SUPER_ADMIN: _ADMIN | {Permission.ADMINISTER},
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks. `token_id`: of the token that said so (its `jti`), None for a session or a token without one."""

    subject: str
    role: Role
    token_id: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in PERMISSIONS[self.role]
