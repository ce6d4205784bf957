"""Names images by their digests: `python -m deploy.pin_images`, where a registry and Docker are at hand.

A tag can be moved to another image at any time, a digest cannot. The digests are written into deploy/images.env, to be
committed. With --check nothing is written: exit 1 and what is missing where a digest could be had, and a remark where
no registry answers.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

FILE = Path(__file__).with_name("images.env")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PINNED = re.compile(rf"[^@\s]+:[^@\s]+@{DIGEST.pattern}")

Resolve = Callable[[str], str | None]


def main() -> None:
    """Pin, or check."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    if arguments.parse_args().check:
        wrong, remarks = check(read(FILE), digest_of)
        print("\n".join(remarks), end="\n" if remarks else "", file=sys.stderr)
        sys.exit("\n".join(wrong) or 0)
    text = FILE.read_text()
    for reference in read(FILE).values():
        text = text.replace(f"={reference}\n", f"={pinned(reference, digest_of)}\n")
    FILE.write_text(text)


def read(file: Path) -> Mapping[str, str]:
    """Variable → image."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def pinned(reference: str, resolve: Resolve) -> str:
    """The image by its tag's digest of today. Exits where no registry answers."""
    tag = reference.partition("@")[0]
    if (digest := resolve(tag)) is None:
        sys.exit(f"{tag}: no registry tells its digest")
    return f"{tag}@{digest}"


def check(images: Mapping[str, str], resolve: Resolve) -> tuple[list[str], list[str]]:
    """What is wrong, and what could not be told here."""
    wrong, remarks = list[str](), list[str]()
    for variable, reference in images.items():
        if PINNED.fullmatch(reference):
            continue
        if (digest := resolve(reference)) is None:
            remarks.append(f"{variable}: {reference} is not pinned, and no registry tells its digest here")
        else:
            wrong.append(f"{variable}: not pinned: write {reference}@{digest} (python -m deploy.pin_images does)")
    return wrong, remarks


def digest_of(tag: str) -> str | None:
    """Of the list of manifests, so that each machine finds its own; None where no registry answers."""
    command = ["docker", "buildx", "imagetools", "inspect", tag, "--format", "{{.Manifest.Digest}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = done.stdout.strip()
    return found if done.returncode == 0 and DIGEST.fullmatch(found) else None


if __name__ == "__main__":
    main()
