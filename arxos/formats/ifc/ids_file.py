"""What an IDS file must be before its schema is asked: small, and without a document type of its own."""

from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from arxos.domain.errors import InvalidError

LARGEST_BYTES = 16 << 20
CHUNK = 1 << 16


class _RootReached(Exception):  # noqa: N818 - no error: what was to be looked at has been seen
    """The first element: no document type can follow."""


def check_ids_file(path: Path) -> None:
    """Refuse a file that is too large, no XML, or that declares entities. Raises InvalidError.

    Entities can unfold to gigabytes, or name files and addresses; IDS needs none.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise InvalidError(f"larger than {LARGEST_BYTES:,} bytes")
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _stop()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                parser.Parse(chunk)
    except _RootReached:
        return
    except expat.ExpatError as error:
        raise InvalidError(f"no XML: {error}") from error


def _refuse_doctype(*_: object) -> None:
    raise InvalidError("has a document type declaration, which may define entities")


def _stop() -> Callable[..., None]:
    def stop(*_: object) -> None:
        raise _RootReached

    return stop
