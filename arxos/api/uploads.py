"""Files that come in: from the socket to the blob store, piece by piece, however large they are."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from hashlib import sha256
from typing import Any

from anyio import from_thread
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from arxos.api.access import unauthenticated
from arxos.api.problems import FieldError, Refusal
from arxos.api.until_ended import EndedError, until_ended
from arxos.app.claims import Claims

PIECE = 1 << 20  # so much is handed over at a time, and no more of a file is ever in memory
DIGESTS = ("Content-Digest", "Repr-Digest")  # RFC 9530; without a content coding they mean the same
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=([^,;]*)")


@dataclass(frozen=True, slots=True)
class Announced:
    """What a request says of the file in its body. `digest`: its SHA-256."""

    filename: str
    digest: bytes | None


def announced(headers: Headers, filename: str | None, limit_bytes: int) -> Announced:
    """Before anything is taken in. Raises Refusal (400, 413, 415, 422).

    `filename`: from the address; it goes before the one in Content-Disposition.
    """
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Refusal(415, "the file must come as it is, without Content-Encoding")
    if "Content-Range" in headers:
        raise Refusal(400, "a file comes whole: Content-Range is not for PUT (RFC 9110 §14.4)")
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limit_bytes:
        raise too_large(limit_bytes)
    name = filename or name_in(headers.get("Content-Disposition", ""))
    if not name:
        raise _wrong("query.filename", "needs the file's name here or in Content-Disposition")
    return Announced(name, _digest(headers))


def too_large(limit_bytes: int) -> Refusal:
    """What the sender of too large a file is told."""
    return Refusal(413, f"the file is larger than {limit_bytes} bytes ({limit_bytes >> 20} MiB)")


def name_in(disposition: str) -> str | None:
    """The file's name in a Content-Disposition (RFC 6266); `filename*` goes before `filename`."""
    message = Message()
    message["Content-Disposition"] = disposition
    params: list[tuple[str, Any]] = message.get_params([], "Content-Disposition")
    found = [value for key, value in params if key.lower() == "filename"]
    coded = [value for value in found if isinstance(value, tuple)]
    if coded:
        return collapse_rfc2231_value(coded[0])
    # Not a few senders put plain UTF-8 there; a header is read as Latin-1.
    return next((value.encode("latin-1", "replace").decode("utf-8", "replace") for value in found), None)


def _digest(headers: Headers) -> bytes | None:
    for header in DIGESTS:
        for value in _SHA256.findall(headers.get(header, "")):
            try:
                digest = b64decode(value.strip().removeprefix(":").removesuffix(":"), validate=True)
            except NotBase64:
                digest = b""
            if len(digest) != sha256().digest_size or not value.strip().startswith(":"):
                raise _wrong(f"header.{header}", "sha-256 must be 32 bytes in Base64 between colons")
            return digest
    return None


class Incoming:
    """A request's body for a thread that stores it. The thread asks for each piece: nobody runs ahead of the disk."""

    def __init__(self, request: Request, claims: Claims, limit_bytes: int, digest: bytes | None) -> None:
        self._chunks: AsyncIterator[bytes] = until_ended(request, claims, request.stream())
        self._limit_bytes = limit_bytes
        self._digest = digest
        self._taken = 0

    def __iter__(self) -> Iterator[bytes]:
        """Piece by piece. Raises Refusal: too large, not what its digest says, or its sender went away.

        And TooSlowError, as `arxos.api.bodies` does for whoever reads a body.
        """
        seen = sha256()
        while piece := from_thread.run(self._piece):
            if self._digest is not None:
                seen.update(piece)
            yield piece
        if self._digest not in (None, seen.digest()):
            raise _wrong("header.Content-Digest", f"says another SHA-256 than the file has: {seen.hexdigest()}")

    async def _piece(self) -> bytes:
        chunks, size = list[bytes](), 0
        while size < PIECE and (chunk := await self._chunk()):
            chunks.append(chunk)
            size += len(chunk)
        return b"".join(chunks)

    async def _chunk(self) -> bytes:
        try:
            chunk = await anext(self._chunks, b"")
        except EndedError as error:
            detail = f"the token is not valid: {error}, after {self._taken} bytes"
            raise unauthenticated(detail, 'error="invalid_token"') from error
        except ClientDisconnect as error:
            raise Refusal(400, f"the sender went away after {self._taken} bytes") from error
        self._taken += len(chunk)
        if self._taken > self._limit_bytes:
            raise too_large(self._limit_bytes)
        return chunk


def _wrong(field: str, message: str) -> Refusal:
    return Refusal(422, f"{field}: {message}", errors=[FieldError(field=field, message=message)])
