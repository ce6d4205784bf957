"""Secrets on disk."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.local import unprivileged
from deploy.local.private_files import keep_secret, write_private
from deploy.local.unprivileged import close_to_others


def test_a_secret_stays_the_same(tmp_path: Path) -> None:
    assert keep_secret(tmp_path / "secret") == keep_secret(tmp_path / "secret")


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert keep_secret(tmp_path / "one") != keep_secret(tmp_path / "other")


def test_only_the_owner_may_read_a_secret(tmp_path: Path) -> None:
    keep_secret(tmp_path / "secret")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_writing_again_replaces_the_text_and_leaves_no_draft(tmp_path: Path) -> None:
    for text in ("first", "second"):
        write_private(tmp_path / "file", text)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["second"]


@pytest.mark.parametrize(
    ("root", "capability", "mode"),
    [(False, None, 0o700), (True, "dac_read_search", 0o700), (True, "dac_override", 0o710), (True, None, 0o710)],
)
def test_a_folder_is_closed_to_others_and_the_server_still_comes_to_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool, capability: str | None, mode: int
) -> None:
    user = SimpleNamespace(pw_uid=os.getuid(), pw_gid=os.getgid()) if root else None
    monkeypatch.setattr(unprivileged, "unprivileged_user", lambda: user)
    monkeypatch.setattr(unprivileged, "_held_capability", lambda: capability)
    (tmp_path / "local").mkdir(mode=0o755)
    close_to_others(tmp_path / "local")
    assert (tmp_path / "local").stat().st_mode & 0o777 == mode
