"""An exact parser of STEP records (ISO 10303-21), for the header and for instances that are not ordinary."""

import re
from typing import NoReturn

from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.step_grammar import ORDINARY_VALUES, SKIPPED, TOKEN, WINDOW, Data
from arxos.formats.ifc.step_text import decoded, end_of_text, shown

MAX_DEPTH = 64  # IFC nests lists 4 deep; a reader that recurses must not be led further
_ATOMS = frozenset({"name", "number", "enumeration", "binary"})
_STRETCH = 1 << 20
_NEWLINE = b"\n"
Value = str | bytes | list["Value"] | None  # strings decoded, every other value by its spelling; $ is None


class Discarded(list[Value]):
    """A list that counts its values and keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def append(self, _: Value) -> None:
        self._count += 1

    def __len__(self) -> int:
        return self._count


class StepParser:
    """Reads tokens and records from a position on. Every refusal names line, column and what was expected."""

    def __init__(self, data: Data, position: int = 0) -> None:
        self.data = data
        self.position = position
        self._skip()

    def take(self, expected: bytes) -> None:
        """Read exactly this text. Raises ModelRefusedError."""
        if not self.take_if(expected):
            self.refuse(f"expected {shown(expected)}")

    def take_if(self, expected: bytes) -> bool:
        """Read this text if it comes next."""
        found = self.data[self.position : self.position + len(expected)] == expected
        if found:
            self.position += len(expected)
            self._skip()
        return found

    def at_end(self) -> bool:
        """Whether nothing is left but space and comments."""
        return self.position >= len(self.data)

    def keyword(self, what: str) -> str:
        """The next keyword: an entity's or a type's name."""
        return self._token("keyword", what).decode("ascii")

    def name(self) -> int:
        """The next instance name: `#12` is 12."""
        return int(self._token("name", 'an instance, "#12=…"')[1:])

    def record(self, what: str) -> tuple[str, list[Value]]:
        """`KEYWORD(value, …)`."""
        return self.keyword(what), self.values()

    def check_record(self, what: str) -> None:
        """Read over `KEYWORD(value, …)`: faster than reading it, and nothing of it is kept."""
        self.keyword(what)
        self.values(kept=False)

    def values(self, *, kept: bool = True) -> list[Value]:
        """`(value, …)`, without recursion: a list a million deep is refused like any other beyond MAX_DEPTH."""
        self.take(b"(")
        top: list[Value] = [] if kept else Discarded()
        open_lists, typed = [top], [False]
        closable = True  # after "(" a ")" may follow, after "," it may not
        while open_lists:
            if closable and self.take_if(b")"):
                if typed.pop() and len(open_lists[-1]) != 1:
                    self.refuse("expected one value in a typed value")
                open_lists.pop()
            elif kept or typed[-1] or not self._pass_over_values(open_lists[-1]):
                self._value(open_lists, typed)
            closable = self._separated(open_lists)
        return top

    def _pass_over_values(self, into: list[Value]) -> bool:
        """Read over as many ordinary values as come next; False where none does."""
        match = ORDINARY_VALUES.match(self.data, self.position, self.position + WINDOW)
        if match:
            self.position = match.end()
            into.append(None)
        return match is not None

    def _value(self, open_lists: list[list[Value]], typed: list[bool]) -> None:
        """One value, or the opening of a list or of a typed value."""
        match = TOKEN.match(self.data, self.position)
        kind = match.lastgroup if match else None
        if match and kind == "mark" and match[0] in b"$*":
            open_lists[-1].append(None if match[0] == b"$" else match[0])
        elif match and kind in _ATOMS:
            open_lists[-1].append(match[0])
        elif self.data[self.position : self.position + 1] == b"'":
            open_lists[-1].append(self._text())
            return
        else:
            self._open(open_lists, typed, match)
            return
        self.skip_to(match.end())

    def _text(self) -> str:
        """The string that begins here, decoded."""
        start = self.position + 1
        end = end_of_text(self.data, start)
        if self.data[end : end + 1] != b"'":
            self.refuse("expected a value")
        self.skip_to(end + 1)
        return decoded(self.data[start:end])

    def _open(self, open_lists: list[list[Value]], typed: list[bool], match: re.Match[bytes] | None) -> None:
        is_typed = match is not None and match.lastgroup == "keyword"
        if is_typed and match:
            self.skip_to(match.end())
        if not self.take_if(b"("):
            self.refuse("expected a value")
        if len(open_lists) >= MAX_DEPTH:
            self.refuse(f"lists nested deeper than {MAX_DEPTH}")
        inner = type(open_lists[-1])()
        open_lists[-1].append(inner)
        open_lists.append(inner)
        typed.append(is_typed)

    def _separated(self, open_lists: list[list[Value]]) -> bool:
        """Read the comma after a value; whether a ")" may come next."""
        if not open_lists or len(open_lists[-1]) == 0:  # of Discarded, only len() is true
            return True
        if self.take_if(b","):
            return False
        if self.data[self.position : self.position + 1] != b")":
            self.refuse('expected "," or ")"')
        return True

    def _token(self, kind: str, what: str) -> bytes:
        match = TOKEN.match(self.data, self.position)
        if match is None or match.lastgroup != kind:
            self.refuse(f"expected {what}")
        self.skip_to(match.end())
        return match[0]

    def skip_to(self, position: int) -> None:
        """Go on from there, behind any space and comments."""
        self.position = position
        self._skip()

    def _skip(self) -> None:
        while (match := SKIPPED.match(self.data, self.position)) and match.end() > self.position:
            self.position = match.end()

    def here(self) -> str:
        """The position as people count: `line 12, column 3`."""
        return place(self.data, self.position)

    def refuse(self, problem: str) -> NoReturn:
        """Raise ModelRefusedError for what stands at the position."""
        raise ModelRefusedError(f"{place(self.data, self.position)}: {self._closer(problem)}")

    def _closer(self, problem: str) -> str:
        """A broken string or comment is named as such, whatever else was expected there."""
        rest = self.data[self.position : self.position + 24]
        if not rest:
            return f"{problem}, but the file ends here"
        if rest.startswith(b"/*"):
            return "comment without an end"
        if rest.startswith(b"'"):
            return _broken_string(self.data, end_of_text(self.data, self.position + 1))
        return f"{problem}, got {shown(rest)}"


def _broken_string(data: Data, stop: int) -> str:
    rest = data[stop : stop + 8]
    if not rest:
        return "string without an end"
    if rest[0] >= 0x80:
        return f"characters beyond ASCII in a string ({place(data, stop)}): STEP writes them as X2 codes"
    return f"string that goes wrong at {shown(rest)} ({place(data, stop)})" if rest[:1] != b"'" else "misplaced string"


def place(data: Data, position: int) -> str:
    """`line 12, column 3`, both counted from 1."""
    stretches = range(0, position, _STRETCH)  # a slice of a mapped file is a copy
    lines = sum(data[start : min(start + _STRETCH, position)].count(b"\n") for start in stretches)
    return f"line {lines + 1}, column {position - data.rfind(_NEWLINE, 0, position)}"
