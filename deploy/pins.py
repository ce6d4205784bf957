"""Workflows name the code they run by commit: `python -m deploy.pins` exits 1 and says where one does not.

A tag of an action can be moved to other code at any time; a commit cannot. Images are pinned by their digest likewise.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
DIGEST = re.compile(r"docker://\S+@sha256:[0-9a-f]{64}")


def main() -> None:
    """Check every workflow and action of this repository."""
    wrong = [
        f"{path.relative_to(ROOT)}: {words}"
        for path in sorted((ROOT / ".github").rglob("*.y*ml"))
        for words in unpinned(path.read_text())
    ]
    if wrong:
        sys.exit("\n".join(wrong))


def unpinned(workflow: str) -> list[str]:
    """What is wrong with each `uses:` that somebody else could change, or that does not tell its version."""
    return [words for used in _uses(yaml.safe_load(workflow)) if (words := _wrong(used, workflow))]


def _wrong(used: str, workflow: str) -> str | None:
    if used.startswith("./"):  # of this repository
        return None
    if not COMMIT.fullmatch(used) and not DIGEST.fullmatch(used):
        return f"uses: {used}: name it by its commit, with its version in a comment"
    lines = [line for line in workflow.splitlines() if used in line]
    if not all(re.search(r"#\s*v?\d", line) for line in lines):
        return f"uses: {used}: tell its version in a comment"
    return None


def _uses(part: Any) -> Iterator[str]:
    """The values of `uses`, wherever they stand."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "uses" and isinstance(value, str):
                yield value
            else:
                yield from _uses(value)
    if isinstance(part, list):
        for one in part:
            yield from _uses(one)


if __name__ == "__main__":
    main()
