"""Text of others: what is hidden or obeyed is written out, what every script needs stays."""

import io
import json
import sys
import unicodedata
import xml.etree.ElementTree as ET
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from rich.table import Table

from arxos.api.console.words import shown
from arxos.cli.output import print_json
from arxos.cli.terminal import VisibleConsole, VisibleStream
from arxos.domain.jobs.graph import Graph, Node
from arxos.domain.jobs.graph_svg import draw
from arxos.domain.jobs.job import JobState
from arxos.domain.markup import safe
from arxos.domain.visible_text import visible, visible_json

HOSTILE = [chr(n) for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in "\t\n\r"] + list(
    "\u00ad\u034f\u061c\u115f\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2066\u2067"
    "\u2068\u2069\u206a\u2800\u3164\ufeff\ufff9\ufffe\uffff\ud800\udfff\ue000\U000e0001\U000e0041\U0010ffff"
)
HONEST = [
    "Wand-01 «Küche» 3,5 m²",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a joiner of width zero
    "\u0915\u094d\u200d\u0937",  # Hindi
    "\U0001f469\u200d\U0001f4bb",  # a woman at her computer: two emoji and a joiner
    "\u2764\ufe0f",
    "\u845b\U000e0100",  # a variant of a Chinese character
    "\u6771\u4eac\u30bf\u30ef\u30fc",
    "\u0639\u0631\u0628\u064a \u05e2\u05d1\u05e8\u05d9\u05ea",
]
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize("char", HOSTILE, ids=[f"U+{ord(char):04X}" for char in HOSTILE])
def test_hidden_and_obeyed_characters_are_written_out(char: str) -> None:
    code = char.encode("unicode_escape").decode()
    assert visible(f"a{char}b") == f"a{code}b"
    assert visible(f"a{char}b", lines=True) == f"a{code}b"
    assert json.loads(visible_json(json.dumps(f"a{char}b", ensure_ascii=False))) == f"a{char}b"


@pytest.mark.parametrize("text", HONEST, ids=map(ascii, HONEST))
def test_what_a_script_needs_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", ["a\u200cb", "\u200d", "x\u200dy", "a\ufe0f\ufe0f", "\ufe0fa", "\u0645\u200c"])
def test_joiners_and_selectors_without_a_purpose_are_written_out(text: str) -> None:
    assert visible(text) != text


def test_breaks_of_lines_are_spaces_on_one_line() -> None:
    assert visible("a\nb\tc\rd\u00a0e") == "a b c d e"
    assert visible("a\nb\tc\rd", lines=True) == "a\nb\tc d"


@given(st.text())
def test_nothing_is_left_that_hides_or_is_obeyed(text: str) -> None:
    line = visible(text)
    assert visible(line) == line
    left = [char for char in line if unicodedata.category(char) in FORBIDDEN and char not in "\u200c\u200d"]
    assert left == []


@given(st.text())
def test_json_stays_exact_and_becomes_harmless(text: str) -> None:
    document = visible_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(document) == {text: [text]}
    assert all(unicodedata.category(char) not in FORBIDDEN for char in document)


@given(st.text())
def test_markup_is_well_formed_with_any_text(text: str) -> None:
    document = f'<text title="{safe(text)}">{safe(text)}</text>'
    assert ET.fromstring(document).get("title") is not None


@given(st.text(min_size=1))
def test_a_drawing_is_well_formed_with_any_name(name: str) -> None:
    node = Node(uuid4(), name, JobState.QUEUED)
    ET.fromstring(draw(Graph(node.id, (node,), ())))


@pytest.mark.parametrize("char", ["\x1b", "\x9b", "\u202e", "\u200b", "\u2028"])
def test_every_way_out_of_a_command_shows_it(char: str, capsys: pytest.CaptureFixture[str]) -> None:
    hostile, out = f"a{char}[31mb", io.StringIO()
    print(hostile, file=VisibleStream(out))
    VisibleStream(out).writelines([hostile])
    table = Table("name")
    table.add_row(hostile)
    VisibleConsole(file=out, width=80).print(hostile, table, markup=False)
    print_json({"name": hostile})
    told = out.getvalue() + capsys.readouterr().out
    assert char not in told
    assert told.count("[31mb") >= 4  # the table was measured without the code, and may cut it


def test_our_own_colours_pass() -> None:
    out = io.StringIO()
    VisibleConsole(file=out, force_terminal=True, color_system="standard", highlight=False).print(
        "[red]a\x1b[0mb[/red]"
    )
    assert out.getvalue() == "\x1b[31ma\\x1b[0mb\x1b[0m\n"


def test_a_template_writes_it_out_and_keeps_its_markup() -> None:
    assert shown("a\u202eb") == "a\\u202eb"
    assert shown(Markup("<b>a\u202e</b>")) == Markup("<b>a\\u202e</b>")
    assert shown(7) == 7


def test_the_stream_is_still_that_stream() -> None:
    assert VisibleStream(sys.stdout).isatty() is sys.stdout.isatty()
