"""A server of public keys (RFC 7517) for tests, which can be silent, or say something else."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt


class Publisher:
    """`keys`: what it publishes; `asked`: how often; `instead`: what it answers in place of the keys."""

    def __init__(self, *keys: Any) -> None:
        self.asked, self.silent, self.instead = 0, False, b""
        self.keys = list(keys)
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                self.send_response(500 if publisher.silent else 200)
                self.end_headers()
                self.wfile.write(publisher.instead or json.dumps({"keys": publisher.keys}).encode())

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"


@contextmanager
def publishing(*keys: Any) -> Iterator[Publisher]:
    """One that publishes these keys, until the block ends."""
    publisher = Publisher(*keys)
    thread = threading.Thread(target=publisher.server.serve_forever)
    thread.start()
    try:
        yield publisher
    finally:
        publisher.server.shutdown()
        publisher.server.server_close()
        thread.join()


def the_jwk(key: Any, algorithm: str, kid: str) -> dict[str, Any]:
    """The public part of a private key, as it is published."""
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "alg": algorithm, "use": "sig"}
