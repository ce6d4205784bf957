"""Secrets on disk."""

from pathlib import Path

from deploy.local.private_files import keep_secret, write_private


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
