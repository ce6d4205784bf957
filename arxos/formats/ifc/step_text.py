"""Text in STEP files: where it ends, decoding it, and showing foreign bytes without harm."""

import re

from arxos.formats.ifc.step_grammar import CODES_PIECE, STRING_PIECE, WINDOW, Data

_DIRECTIVE = re.compile(
    r"''|\\\\|\\S\\(?P<high>.)|\\P.\\|\\[NF]\\|\\X\\(?P<byte>..)|\\X2\\(?P<two>[0-9A-F]*)\\X0\\|\\X4\\(?P<four>[0-9A-F]*)\\X0\\",
    re.DOTALL,
)


def end_of_text(data: Data, start: int) -> int:
    """Where the inside of a string ends: at its closing apostrophe, or else where it goes wrong."""
    end, read_to = start, -1
    while end != read_to:
        read_to = end
        piece = STRING_PIECE.match(data, end, end + WINDOW)
        end = _end_of_codes(data, piece.end() if piece else end)
    return end


def _end_of_codes(data: Data, start: int) -> int:
    codes = CODES_PIECE.match(data, start)
    digits = 2 * int(codes[1]) if codes else 1
    return codes.end() if codes and len(codes[2]) % digits == 0 else start


def decoded(inside: bytes) -> str:
    r"""The text of a string's inside: `It''s \X2\03C0\X0\` is "It's π"."""
    text = inside.decode("ascii")
    return text if "'" not in text and "\\" not in text else _DIRECTIVE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    if match["high"]:
        return chr(ord(match["high"]) + 128)  # ISO 8859-1, the alphabet unless \P says otherwise
    if match["byte"]:
        return chr(int(match["byte"], 16))
    if match["two"]:
        return bytes.fromhex(match["two"]).decode("utf-16-be", errors="replace")
    if match["four"]:
        return bytes.fromhex(match["four"]).decode("utf-32-be", errors="replace")
    return {"''": "'", "\\\\": "\\", "\\N\\": "\n"}.get(match[0], "")


def shown(raw: bytes, limit: int = 24) -> str:
    r"""Foreign bytes for a message: printable, quoted, short. `b"a\x00"` is shown as `"a\x00"`."""
    text = raw[:limit].decode("ascii", errors="backslashreplace")
    inert = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return f'"{inert}{"…" if len(raw) > limit else ""}"'
