"""For a Celery app that submits to Arxos Workers: `AsyncResult(id).get()`, and signatures where they are demanded.

app = Celery("shop", broker="redis://…")
app.conf.result_backend = "arxos_celery.LedgerBackend+https://arxos.example"   # a token in ARXOS_TOKEN
app.send_task("building.validate", kwargs=payload, queue="ingress", task_id=job_id,
              headers=sign("shop", secret, job_id, "building.validate", payload))
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import time
import urllib.error
import urllib.request
from hashlib import sha256
from typing import Any

from celery import states
from celery.backends.base import Backend, SyncBackendMixin
from celery.exceptions import TimeoutError as CeleryTimeoutError

_STATES = {
    "blocked": states.PENDING,
    "queued": states.PENDING,
    "running": states.STARTED,
    "retryable": states.RETRY,
    "succeeded": states.SUCCESS,
    "dead": states.FAILURE,
    "cancelled": states.REVOKED,
}


def sign(
    key_id: str,
    secret: str,
    task_id: str,
    kind: str,
    payload: dict[str, Any],
    *,
    eta: str | None = None,
    expires: str | None = None,
    good_for_s: int = 300,
) -> dict[str, Any]:
    """The headers that show who sends this message, good once and for so many seconds. `eta`, `expires`: as sent."""
    now = int(time.time())
    told = {"v": 1, "key_id": key_id, "iat": now, "exp": now + good_for_s, "nonce": secrets.token_hex(16)}
    facts = {**told, "id": task_id, "kind": kind, "payload": payload, "eta": eta, "expires": expires}
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"arxos": {**told, "sig": hmac.new(secret.encode(), canonical.encode(), sha256).hexdigest()}}


class JobFailedError(Exception):
    """The job is a dead letter: its error's type and message."""


class LedgerBackend(SyncBackendMixin, Backend):  # type: ignore[misc]
    """Reads results from the ledger over HTTP; stores nothing. The token: `arxos_token` of the app, or ARXOS_TOKEN."""

    poll_s = 0.25
    supports_autoexpire = True

    def __init__(self, app: Any, url: str | None = None, **options: Any) -> None:
        super().__init__(app, url=url, **options)
        self._address = (url or app.conf.get("arxos_api_url") or os.environ["ARXOS_API_URL"]).rstrip("/")

    def get_task_meta(self, task_id: str, cache: bool = True) -> dict[str, Any]:
        """The job as Celery tells of it; one that nobody knows (yet) is pending."""
        job = self._job(task_id)
        if job is None:
            return {"status": states.PENDING, "result": None, "traceback": None, "children": []}
        status = _STATES[job["state"]]
        result = self.exception_to_python(_failure(job)) if status == states.FAILURE else job["result"]
        return {"status": status, "result": result, "traceback": None, "children": [], "task_id": task_id}

    def wait_for(
        self,
        task_id: str,
        timeout: float | None = None,
        interval: float = 0.5,
        no_ack: bool = True,
        on_interval: Any = None,
    ) -> dict[str, Any]:
        """Ask until it is over. Raises TimeoutError."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            meta = self.get_task_meta(task_id)
            if meta["status"] in states.READY_STATES:
                return meta
            if deadline is not None and time.monotonic() > deadline:
                raise CeleryTimeoutError(f"job {task_id} is not over yet")
            if on_interval:
                on_interval()
            time.sleep(min(interval, self.poll_s))

    def store_result(self, *_: Any, **__: Any) -> None:
        """The ledger keeps results; a producer has none."""

    def _job(self, task_id: str) -> dict[str, Any] | None:
        token = self.app.conf.get("arxos_token") or os.environ.get("ARXOS_TOKEN", "")
        request = urllib.request.Request(f"{self._address}/api/jobs/{task_id}")
        request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            error.close()  # it is the answer, too, and holds the connection
            if error.code == 404:
                return None
            raise
        return found


def _failure(job: dict[str, Any]) -> dict[str, Any]:
    error = job["error"] or {"type": "PermanentError", "message": "no reason is known"}
    return {
        "exc_type": "JobFailedError",
        "exc_module": __name__,
        "exc_message": [f"{error['type']}: {error['message']}"],
    }
