"""Roles, and what each allows: one table, read by every entry point and by the documentation."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a bearer may do; each role includes the ones before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


class Permission(StrEnum):
    """What can be allowed."""

    READ = "read"  # see jobs, buildings, workers, acts
    WRITE = "write"  # add and change buildings, hand in models
    SUBMIT = "submit"  # jobs, and where to tell of their end
    CANCEL_OWN = "cancel own"  # jobs that one submitted oneself
    CANCEL = "cancel"  # anybody's, and make waiting ones due
    PLACE = "place"  # submit jobs to any queue, and with priorities −100 to 100
    DELETE = "delete"  # buildings
    REDRIVE = "redrive"
    DISCARD = "discard"
    SCHEDULE = "schedule"  # add, change, pause and run schedules
    ADMINISTER = "administer"  # pauses, limits and shares; workers; tokens, sessions and everybody's webhooks


_VIEWER = frozenset({Permission.READ})
_EDITOR = _VIEWER | {Permission.WRITE, Permission.SUBMIT, Permission.CANCEL_OWN}
_ADMIN = _EDITOR | {
    Permission.CANCEL,
    Permission.PLACE,
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
