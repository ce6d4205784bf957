"""`./run check`: format, lint, types, import rules, and the same for what is not Python."""

import os
import subprocess
import sys
from collections.abc import Sequence

from deploy.local.checkout import ROOT, VENV, say

_PYTHON = ("arxos", "benchmarks", "clients", "deploy", "examples", "tests")
_YAML = (".github", ".pre-commit-config.yaml", "docker-compose.yml")
_WORKFLOWS = (".github/workflows/ci.yml",)
_SHELL = ("run", ".ci/run", "requirements/lock", "deploy/postgres/create_roles.sh")
_CHECKS = (
    ("ruff", "format", "--check", "--quiet", "."),
    ("ruff", "check", "--quiet", "."),
    ("mypy",),
    ("lint-imports", "--no-logo"),
    ("python", "-m", "deploy.local.patterns", *_PYTHON),
    ("yamllint", "--strict", *_YAML),
    ("hadolint", "Dockerfile"),
    ("check-jsonschema", "--builtin-schema=vendor.compose-spec", "docker-compose.yml"),
    ("check-jsonschema", "--builtin-schema=vendor.github-workflows", *_WORKFLOWS),
    ("python", "-m", "deploy.pins"),
    *(("bash", "-n", script) for script in _SHELL),
)


def check(arguments: Sequence[str]) -> None:
    """Make all checks, also after one has failed; exit 1 if any has."""
    if arguments:
        sys.exit("run: check takes no arguments")
    failed = [" ".join(command) for command in _CHECKS if not _passes(command)]
    if failed:
        sys.exit(f"run: failed: {'; '.join(failed)}")
    say("all checks pass")


def _passes(command: Sequence[str]) -> bool:
    path = f"{VENV / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        print(f"--- {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.returncode == 0
