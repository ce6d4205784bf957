"""Where keys of others are fetched from."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from arxos.app.jwks import Jwks
from arxos.domain.errors import UnavailableError


@pytest.fixture
def redirecting() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that sends everybody to ``/elsewhere``, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/keys" else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b'{"keys": []}')

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_keys_are_fetched_from_the_address_of_the_setting_alone(redirecting: tuple[str, list[str]]) -> None:
    address, asked = redirecting
    with pytest.raises(UnavailableError, match="ARXOS_JWKS_URL"):
        Jwks(f"{address}/keys").key("any", "RS256")
    assert asked == ["/keys"]
