"""Starts Flower, read-only, on our Celery app."""

from typing import Any

import flower.command
import structlog
from flower.app import Flower
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from arxos.app.settings import Settings
from arxos.workers.celery_app import build_app
from arxos.workers.flower_gate import Gate, Refused, gate_of

log = structlog.get_logger()

HEALTH = "/healthcheck"  # tells nothing but that it answers


def run_flower(settings: Settings, address: str, port: int) -> None:
    """Serve Flower until told to stop. Raises InvalidError where others could look unasked."""
    gate = gate_of(settings, address)
    log.info("flower_started", address=address, port=port, access=gate.in_words())
    flower.command.Flower = guarded(gate)
    app = build_app(settings, "arxos-flower")
    app.start(
        [
            "flower",
            f"--address={address}",
            f"--port={port}",
            "--unix_socket=",
            "--conf=/dev/null",  # else it runs a flowerconfig.py of the folder that it was started in
            "--read_only=True",
            "--enable_events=False",
            "--logging=warning",
        ]
    )


def guarded(gate: Gate) -> type[Flower]:
    """Flower behind a gate: every address of it, not its pages alone."""

    class GuardedFlower(Flower):  # type: ignore[misc]  # it has no types
        def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
            refused = None if request.path == HEALTH else gate.refusal(request.remote_ip or "", request.headers)
            if refused is not None:
                return self.get_handler_delegate(request, RefusedHandler, {"refused": refused})
            return super().find_handler(request, **kwargs)

    return GuardedFlower


class RefusedHandler(RequestHandler):
    """Whatever is asked, the same answer."""

    def initialize(self, refused: Refused) -> None:
        self._refused = refused

    def check_xsrf_cookie(self) -> None:
        """Nothing is done for anybody here."""

    def prepare(self) -> None:
        self.set_status(self._refused.status)
        for name, value in self._refused.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"Flower {self._refused.words}\n")
