"""Passwords and keys for docker-compose.yml: `python3 -m deploy.make_secrets [FOLDER]`; what is there is left as it is.

One file for each, in a folder that only its owner enters. In a container a file is seen by a user of another number,
who must be able to read it: the folder guards it on this machine, and a container is given no file but its own.
"""

import argparse
import secrets
from collections.abc import Mapping
from pathlib import Path

PASSWORDS = (
    "postgres_password", "owner_password", "process_password", "redis_password", "jwt_secret", "webhook_secret",
)  # fmt: skip


def main() -> None:
    """Write what is missing, and say which files these are."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=Path("secrets"))
    for name in make(arguments.parse_args().folder):
        print(name)


def make(folder: Path) -> list[str]:
    """The names of the files that were written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    written = [name for name in PASSWORDS if _write(folder / name, secrets.token_urlsafe(32))]
    written += [name for name, value in _addresses(folder).items() if _write(folder / name, value)]
    return written


def _addresses(folder: Path) -> Mapping[str, str]:
    """How the containers name each other, with the passwords; and who may look at Flower."""
    owner, process, redis = (
        (folder / f"{name}_password").read_text().strip() for name in ("owner", "process", "redis")
    )
    return {
        "database_url": f"postgresql://arxos_process:{process}@postgres:5432/arxos",
        "database_owner_url": f"postgresql://arxos_owner:{owner}@postgres:5432/arxos",
        "broker_url": f"redis://:{redis}@redis:6379/0",
        "cache_url": f"redis://:{redis}@redis:6379/1",
        "flower_users": f"operator:{secrets.token_urlsafe(24)}",
    }


def _write(file: Path, value: str) -> bool:
    if file.exists():
        return False
    file.write_text(f"{value}\n")
    file.chmod(0o444)
    return True


if __name__ == "__main__":
    main()
