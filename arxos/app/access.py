"""Who calls: what a token or a session says of them, held against the table of permissions."""

from dataclasses import dataclass

from arxos.domain.access import PERMISSIONS, Permission, Role
from arxos.domain.jobs.submitter import Submitter, user


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks. `token_id`: of the token that said so (its `jti`), None for a session or a token without one."""

    subject: str
    role: Role
    token_id: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in PERMISSIONS[self.role]

    @property
    def submitter(self) -> Submitter:
        """Who their jobs are from."""
        return user(self.subject, self.role)
