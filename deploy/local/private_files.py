"""Random secrets, made once and kept in files that only their owner may read."""

import os
import secrets
from pathlib import Path


def keep_secret(file: Path) -> str:
    """The secret in this file, made at the first call. 43 characters that need no quoting in a URL."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(32))
    return file.read_text()


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)
