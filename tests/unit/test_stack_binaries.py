"""The server programs: found by whoever looks, by many at once too."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local import binaries


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Redis under another name only."""
    program = tmp_path / "redis-check-rdb"
    monkeypatch.setattr(binaries, "LOCAL", tmp_path / "local")
    monkeypatch.setattr(binaries, "which", lambda name: program if name == program.name else None)
    return program


def test_a_link_that_is_right_stays_as_it_is(program: Path) -> None:
    link = binaries._by_another_name()
    assert link is not None
    made = link.lstat().st_ino
    assert binaries._by_another_name() == link
    assert (link.readlink(), link.lstat().st_ino) == (program, made)


def test_a_link_elsewhere_is_replaced(program: Path) -> None:
    link = binaries._by_another_name()
    assert link is not None
    link.unlink()
    link.symlink_to("elsewhere")
    assert binaries._by_another_name() == link
    assert link.readlink() == program


def test_many_may_look_at_once(program: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: binaries._by_another_name(), range(50)))
    assert len(set(found)) == 1
