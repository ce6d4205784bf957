"""PostgreSQL refuses to run as root: as root it runs as a user without rights."""

import os
import pwd
from pathlib import Path

# Capabilities that let a process pass through folders it may not enter, the narrower first: (name, bit).
_PASS_THROUGH = (("dac_read_search", 2), ("dac_override", 1))


class UnreachableFolderError(Exception):
    """The unprivileged user cannot get to the folder, and nothing here can help it."""


def unprivileged_user() -> pwd.struct_passwd | None:
    """Who runs PostgreSQL when we are root; None when we are not root and can run it ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise UnreachableFolderError("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


def prefix_for(folder: Path) -> list[str]:
    """What to put before a command so that it runs unprivileged and reaches `folder`. Raises UnreachableFolderError.

    A checkout often lies where only root may enter, such as /root. Opening that folder to everybody would touch what is
    not ours, so the process keeps one capability instead: to pass through folders.
    """
    user = unprivileged_user()
    if user is None:
        return []
    drop = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--no-new-privs"]
    if _may_enter(folder, user.pw_gid):
        return [*drop, "--inh-caps=-all"]
    capability = _held_capability()
    if capability is None:
        raise UnreachableFolderError(
            f"the user that runs PostgreSQL cannot enter {folder}: move the checkout elsewhere"
        )
    return [*drop, f"--inh-caps=-all,+{capability}", f"--ambient-caps=-all,+{capability}"]


def close_to_others(folder: Path) -> None:
    """Mode 0700; where passing through that would take the right to write everywhere, 0710 with the user's group."""
    try:
        user = unprivileged_user()
    except UnreachableFolderError:
        user = None
    if user is None or _held_capability() == _PASS_THROUGH[0][0]:
        folder.chmod(0o700)
    else:
        os.chown(folder, -1, user.pw_gid)
        folder.chmod(0o710)


def give_to_unprivileged(path: Path) -> None:
    """Make the unprivileged user the owner of `path`, where there is one."""
    if user := unprivileged_user():
        os.chown(path, user.pw_uid, user.pw_gid)


def _may_enter(folder: Path, group: int) -> bool:
    """Whether a user of this group alone may pass through all that is above the folder."""
    states = [parent.stat() for parent in folder.resolve().parents]
    return all(state.st_mode & (0o010 if state.st_gid == group else 0o001) for state in states)


def _held_capability() -> str | None:
    status = Path("/proc/self/status").read_text()
    held = _mask(status, "CapPrm") & _mask(status, "CapBnd")
    for name, bit in _PASS_THROUGH:
        if held >> bit & 1:
            return name
    return None


def _mask(status: str, field: str) -> int:
    line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1], base=16)
