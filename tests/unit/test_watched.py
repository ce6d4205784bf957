"""Services and certificates, each on a real socket."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from arxos.domain.health.report import HealthStatus
from arxos.outside import watched
from arxos.outside.watched import Watched, parse_certificates, parse_services

NOBODY = "127.0.0.1:1"


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that its path names, ``/slow`` after a while."""

    def do_GET(self) -> None:
        if self.path == "/slow":
            sleep(1.5)
        self.send_response(int(self.path[1:]) if self.path[1:].isdigit() else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


class Server(ThreadingHTTPServer):
    """Lets many come at once."""

    request_queue_size = 64


@pytest.fixture
def address() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def certificate(folder: Path, days: float) -> Path:
    """A certificate that ends so many days from now, with its key in the same file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "door")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days, minutes=1))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{days}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.mark.parametrize(
    ("path", "status"),
    [("/200", "healthy"), ("/302", "healthy"), ("/404", "degraded"), ("/500", "unhealthy"), ("/503", "unhealthy")],
)
def test_a_service_is_as_it_answers(address: str, path: str, status: str) -> None:
    found = Watched({"maps": address + path}, {}).look()["service:maps"]
    assert (found.status, found.detail) == (status, {"answer": int(path[1:])})
    assert found.latency_ms > 0


def test_one_that_is_slow_is_degraded_and_one_that_hangs_holds_up_no_other(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "SLOW_S", 0.1)
    slow = Watched({"slow": address + "/slow"}, {}).look()["service:slow"]
    assert slow.status is HealthStatus.DEGRADED
    monkeypatch.setattr(watched, "SLOW_S", 1.0)
    monkeypatch.setattr(watched, "ANSWER_S", 1.0)
    began = monotonic()
    found = Watched({f"slow{number}": address + "/slow" for number in range(10)} | {"quick": address}, {}).look()
    assert monotonic() - began < 8  # ten times 1 s one after the other
    assert found["service:quick"].status is HealthStatus.HEALTHY
    assert found["service:slow3"].status is HealthStatus.UNHEALTHY
    assert found["service:slow3"].detail == {"problem": "no answer within 1 s"}


def test_an_address_with_a_secret_is_never_told(address: str) -> None:
    secret = "hunter2"
    urls = {"a": f"http://user:{secret}@{NOBODY}/", "b": f"http://{NOBODY}/?token={secret}"}
    found = Watched(urls, {"c": NOBODY, "d": f"/nowhere/{secret}.pem"}).look()
    assert {one.status for one in found.values()} == {HealthStatus.UNHEALTHY}
    assert secret not in repr(found)
    assert "127.0.0.1" not in repr(found)


@pytest.mark.parametrize(
    ("days", "status"), [(60, "healthy"), (20, "degraded"), (4, "degraded"), (2, "unhealthy"), (-5, "unhealthy")]
)
def test_a_certificate_is_told_of_before_it_ends(tmp_path: Path, days: int, status: str) -> None:
    found = Watched({}, {"proxy": str(certificate(tmp_path, days))}).look()["certificate:proxy"]
    assert (found.status, found.detail["days_left"]) == (status, days)


def test_the_certificate_that_a_server_shows_is_read_though_it_ran_out(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, -1))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_port}/"
        found = Watched({"api": url}, {"door": f"127.0.0.1:{server.server_port}"}).look()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert found["certificate:door"].detail["days_left"] == -1
    assert found["certificate:api"].detail["days_left"] == -1
    assert found["service:api"].status is HealthStatus.UNHEALTHY  # nobody should believe such a server


@pytest.mark.parametrize("listed", ["maps", "maps=", "=x", "maps=ftp://x", "maps=https://", "a=http://x,a=http://y"])
def test_what_is_no_list_of_services_is_refused(listed: str) -> None:
    with pytest.raises(ValueError, match=r"must|twice"):
        parse_services(listed)


def test_certificates_are_doors_or_files() -> None:
    listed = " door = api.example:443 , proxy=/etc/tls/proxy.pem,"
    assert parse_certificates(listed) == {"door": "api.example:443", "proxy": "/etc/tls/proxy.pem"}
    with pytest.raises(ValueError, match="host:port or the path"):
        parse_certificates("door=api.example")
    assert parse_services("") == {}
