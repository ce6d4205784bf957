"""Starts Flower, read-only, on our Celery app."""

from arxos.app.settings import Settings
from arxos.workers.celery_app import build_app


def run_flower(settings: Settings, address: str, port: int) -> None:
    """Serve Flower until told to stop."""
    app = build_app(settings, "arxos-flower")
    app.start(
        [
            "flower",
            f"--address={address}",
            f"--port={port}",
            "--read_only=True",
            "--enable_events=False",
            "--logging=warning",
        ]
    )
