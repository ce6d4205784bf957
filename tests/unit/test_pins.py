"""Workflows run the code that was read, and no other."""

from pathlib import Path

import pytest

from deploy.pins import unpinned

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "08eba0b27e820071cde6df949e0beb9ba4906955"


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.y*ml")), ids=lambda path: path.name)
def test_every_action_is_named_by_its_commit(path: Path) -> None:
    assert unpinned(path.read_text()) == []


@pytest.mark.parametrize(
    "used",
    [
        "actions/checkout@v4",
        "actions/checkout@main",
        "actions/checkout",
        f"actions/checkout@{COMMIT[:7]}",
        f"actions/checkout@{COMMIT[:39]}g",
        "docker://redis:7",
        "docker://redis@sha256:abc",
        "${{ matrix.action }}",
    ],
)
def test_what_can_be_changed_by_others_is_refused(used: str) -> None:
    [words] = unpinned(f'jobs:\n  test:\n    steps:\n      - uses: "{used}"  # v4.3.0\n')
    assert words == f"uses: {used}: name it by its commit, with its version in a comment"


def test_a_called_workflow_is_held_to_the_same() -> None:
    assert unpinned("jobs:\n  call:\n    uses: org/repo/.github/workflows/x.yml@main  # v1\n")
    assert unpinned(f"jobs:\n  call:\n    uses: org/repo/.github/workflows/x.yml@{COMMIT}  # v1\n") == []
    assert unpinned("jobs:\n  call:\n    uses: ./.github/workflows/x.yml\n") == []


def test_a_commit_needs_its_version_beside_it() -> None:
    step = f"steps:\n  - uses: actions/checkout@{COMMIT}"
    assert unpinned(step) == [f"uses: actions/checkout@{COMMIT}: tell its version in a comment"]
    assert unpinned(f"{step}  # v4.3.0\n") == []
