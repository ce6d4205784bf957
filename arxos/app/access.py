"""Who calls: what a token or a session says of them, held against the table of permissions."""

from dataclasses import dataclass

from arxos.app.claims import Claims
from arxos.domain.access import PERMISSIONS, Permission, Role
from arxos.domain.jobs.submitter import Submitter, user


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks. `claims`: of the token that says so."""

    subject: str
    role: Role
    claims: Claims

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in PERMISSIONS[self.role]

    @property
    def submitter(self) -> Submitter:
        """Who their jobs are from."""
        return user(self.subject, self.role)

    @property
    def only(self) -> str | None:
        """Whose sessions and refresh tokens they may see and end: their own; None: everybody's."""
        return None if self.may(Permission.ADMINISTER) else self.subject
