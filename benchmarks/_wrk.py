"""Loads one address with wrk and reads what it says."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.programs import find_wrk

CONNECTIONS = 64
_REPORT = """
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        '\\n{"requests": %d, "errors": %d, "seconds": %f, "p50_ms": %f, "p95_ms": %f, "p99_ms": %f}\\n',
        summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.duration / 1e6,
        latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. `error_rate`: connections refused or lost, timeouts and answers other than 2xx, of all."""

    per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    error_rate: float


def load(url: str, seconds: float, *, token: str = "", script: str = "") -> Load:
    """Ask as fast as it goes over 64 connections, from one thread. `script`: Lua that makes the requests."""
    head = f'wrk.headers["Authorization"] = "Bearer {token}"\n' if token else ""
    with tempfile.TemporaryDirectory() as folder:
        lua = Path(folder) / "requests.lua"
        lua.write_text(head + script + _REPORT)
        command = [str(find_wrk()), "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", str(lua), url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(
        said["requests"] / said["seconds"],
        said["p50_ms"],
        said["p95_ms"],
        said["p99_ms"],
        said["errors"] / max(1, said["requests"]),
    )
