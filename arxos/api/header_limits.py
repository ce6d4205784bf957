"""How many headers a request may have, and how large they may be."""

from collections.abc import Sequence

from arxos.api.bodies import TooLargeError

MOST_HEADERS = 80
LARGEST_HEADERS = 32 * 1024  # bytes, names and values together


def check_headers(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Raises TooLargeError (431)."""
    if len(headers) > MOST_HEADERS:
        raise TooLargeError(431, f"more than {MOST_HEADERS} headers")
    if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
        raise TooLargeError(431, f"headers of more than {LARGEST_HEADERS} bytes")
