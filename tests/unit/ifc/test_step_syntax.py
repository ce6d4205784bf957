"""Which bytes are a STEP file, and what is said of those that are not."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.step_grammar import ORDINARY_INSTANCE, WINDOW
from arxos.formats.ifc.step_parser import StepParser
from arxos.formats.ifc.syntax import check_text
from tests.step_files import ONE_PERSON, step


@pytest.mark.parametrize(
    "data",
    [
        ONE_PERSON,
        "",
        "#1 = IFCPERSON ( $ , * , 'Ann' ) ;",
        "#1=\r\nIFCPERSON(\n$,\t$);",
        "#1=IFCPOINT((1.,-2.5E-3,+4,0));",
        "#1=IFCLIST((),((1,2),(3)),.T.,.NOTDEFINED.);",
        "#1=IFCDEEP((((((1))))));",
        "#1=IFCLABELLED(IFCLABEL('x'),IFCBOOLEAN(.F.),IFCLIST((1,2)));",
        '#1=IFCBYTES("0",\'\',"23AF");',
        "#1=IFCTEXT('It''s 100 % /* not a comment */; #99');",
        r"#1=IFCTEXT('C:\\temp');",
        r"#1=IFCTEXT('\X2\03C000E9\X0\ \X\E9 \S\i \PA\ \X4\0001F600\X0\');",
        "#1=IFCTEXT('two\nlines');",
        "/* '; */ #1/**/=/* a */IFCPERSON(/* b */$);",
        "#1=(IFCA(1)IFCB('x'));",
        "#1=IFCPERSON($);#2=IFCPERSON(#1);#0003=IFCPERSON(#2,#1);",
        "#1=IFCPERSON(#77);",  # a reference that leads nowhere is a matter of the schema check
    ],
)
def test_valid_instances_pass(data: str) -> None:
    assert check_text(step(data)).schema == "IFC4"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("#1=IFCPERSON($);;", 'line 8, column 17: expected an instance, "#12=…", got ";'),
        ("#1=IFCPERSON($)", "line 9, column 1: expected"),
        ("#1=IFCPERSON($;", 'expected "," or ")"'),
        ("#1=IFCPERSON($,);", "expected a value"),
        ("#1=IFCPERSON(,$);", "expected a value"),
        ("#1=IFCPERSON($ $);", 'expected "," or ")"'),
        ("#1=IFCPERSON(($);", 'expected "," or ")"'),
        ("#1=IfcPerson($);", "line 8, column 5"),
        ("#1=ifcperson($);", "line 8, column 4: expected an entity"),
        ("#1=IFCREAL(1.E);", 'expected "," or ")"'),
        ("#1=IFCREAL(.5);", "expected a value"),
        ("#1=IFCREAL(1.0e5);", 'expected "," or ")"'),
        ("#1=IFCREAL(NaN);", "line 8, column 13"),
        ("#1=IFCENUM(.t.);", "expected a value"),
        ('#1=IFCBYTES("4F");', "expected a value"),
        ("#1=IFCTYPED(IFCLABEL());", "expected one value in a typed value"),
        ("#1=IFCTYPED(IFCLABEL('a','b'));", "expected one value in a typed value"),
        ("#1=IFCTEXT('a);", "string without an end"),
        (r"#1=IFCTEXT('C:\temp');", 'string that goes wrong at "\\temp'),
        (r"#1=IFCTEXT('\X2\03C\X0\');", "string that goes wrong"),
        (r"#1=IFCTEXT('\X2\03C0');", "string that goes wrong"),
        ("#1=IFCTEXT('a\x00b');", 'string that goes wrong at "\\x00b'),
        ("#1=IFCPERSON($); /* no end", "comment without an end"),
        ("#0=IFCPERSON($);", "line 8, column 1: #0 is no instance name"),
        ("#1=IFCPERSON($);\n#2=IFCPERSON($);\n#01=IFCPERSON($);", "line 10, column 1: #1 is given twice"),
        ("#2147483648=IFCPERSON($);", "#2147483648 is too large"),
        ("#99999999999999999999999=IFCPERSON($);", "expected an instance"),
        ("#1=IFCDEEP(" + "(" * 70 + "1" + ")" * 70 + ");", "lists nested deeper than 64"),
    ],
)
def test_a_broken_instance_is_refused_with_its_place(data: str, problem: str) -> None:
    with pytest.raises(ModelRefusedError) as refusal:
        check_text(step(data))
    assert problem in str(refusal.value)


def test_lists_a_million_deep_are_refused_without_recursion() -> None:
    with pytest.raises(ModelRefusedError, match="nested deeper than 64"):
        check_text(step("#1=IFCDEEP(" + "(" * 1_000_000 + ");"))


def test_a_line_of_megabytes_is_no_problem() -> None:
    points = ",".join(["(1.,2.,3.)"] * 300_000)
    assert check_text(step(f"#1=IFCCARTESIANPOINTLIST3D(({points}));")).schema == "IFC4"


_MILLION = 1_000_000
_HOSTILE = {
    "a list of values": b"#1=IFCX(" + b"1," * _MILLION + b"1);",
    "lists that break": b"#1=IFCX((" + b"(1.,2.,3.)," * 200_000 + b"!);",
    "a list without an end": b"#1=IFCX(" + b"$," * _MILLION,
    "apostrophes": b"#1=IFCX('" + b"''" * _MILLION + b");",
    "text without an end": b"#1=IFCX('" + b"a" * _MILLION + b");",
    "text with a broken code": b"#1=IFCX('\\X2\\" + b"4E2D" * _MILLION + b"');",
    "one long code": b"#1=IFCX('\\X2\\" + b"4E2D" * _MILLION + b"\\X0\\');",
    "comments": b"#1=IFCX(1" + b"/**/" * 100_000 + b");",
    "blanks": b"#1=IFCX(1" + b" " * _MILLION + b"!);",
    "digits": b"#1=IFCX(" + b"1" * _MILLION + b"!);",
    "instances that break at their ends": b"#1=IFCX(($,1.5,'a''b'))/**/;" * 10_000,
}


@pytest.mark.timeout(300)  # each takes a second or two; a match that goes back over what it took would take hours
@pytest.mark.parametrize("name", _HOSTILE)
def test_no_bytes_make_the_check_slow_or_large(name: str) -> None:
    content = step("#0").replace(b"#0", _HOSTILE[name])
    tracemalloc.start()
    try:
        problem_of(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A text is held and decoded; a match that remembers its way takes far more.
    assert most < 6 * len(content) + _MILLION


@pytest.mark.parametrize("item", ["12", "-1.5E3", "'a''b'", r"'\X2\4E2D\X0\'", "#2", "(1,(2))", "IFCA('x')", '"0F"'])
def test_where_the_window_ends_makes_no_difference(item: str) -> None:
    count = WINDOW // (len(item) + 1) + 2
    for shift in range(len(item) + 3):
        listed = " " * shift + ",".join([item] * count)
        assert problem_of(step(f"#1=IFCX({listed});")) == ""
        assert problem_of(step(f"#1=IFCX(({listed}));")) == ""
        assert problem_of(step(f"#1=IFCX({listed} {item});")) != ""
        text = " " * shift + "".join(["''", r"\\", r"\S\'"] * (WINDOW // 8))
        assert problem_of(step(f"#1=IFCX('{text}');")) == ""


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_characters_beyond_ascii_are_refused_with_their_place(encoding: str) -> None:
    content = step("#1=IFCTEXT('caf?');").replace(b"?", "é".encode(encoding))
    with pytest.raises(ModelRefusedError, match=r"characters beyond ASCII in a string \(line 8, column 16\)"):
        check_text(content)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1, column 1"),
        (b"\xef\xbb\xbf" + step(), "byte order mark"),
        (b"%PDF-1.7\n", 'expected "ISO-10303-21;", got "%PDF-1.7'),
        (b"\x00\x01\x02", r'got "\\x00\\x01\\x02"'),
        (b"ISO-10303-21;", 'expected "HEADER;", but the file ends here'),
        (step().split(b"DATA;")[0], 'expected "DATA", but the file ends here'),
        (step() + b"#2=IFCPERSON($);", "nothing may follow the end"),
        (step() + b"\x00\x00", "nothing may follow the end"),
        (step().replace(b"END-ISO-10303-21;", b""), "but the file ends here"),
    ],
)
def test_a_broken_frame_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ModelRefusedError, match=problem):
        check_text(content)


def test_sections_and_signatures_of_the_third_edition_are_read_over() -> None:
    content = step().replace(b"DATA;", b"ANCHOR;\n<a>=#1;\nENDSEC;\nREFERENCE;\nENDSEC;\nDATA('x',('IFC4'));")
    assert check_text(content + b"SIGNATURE\nMIIGZQYJ+/=\nENDSEC;\n/* more */\n").schema == "IFC4"


def test_several_data_sections_are_one_population() -> None:
    twice = step().replace(b"END-ISO", b"DATA;\n#2=IFCPERSON(#1);\nENDSEC;\nEND-ISO")
    assert check_text(twice).schema == "IFC4"
    with pytest.raises(ModelRefusedError, match="#1 is given twice"):
        check_text(twice.replace(b"#2=", b"#1="))


@given(cut=st.integers(min_value=0, max_value=len(step()) - 2))
def test_a_truncated_file_is_never_valid(cut: int) -> None:
    with pytest.raises(ModelRefusedError):
        check_text(step()[:cut])


_WHOLE = step("#1=IFCA('It''s',(1.5,#2),.T.,IFCLABEL('x'));\n#2=IFCB($,*,\"0F\",((1,2),(3)));")


@given(st.data())
def test_a_changed_byte_is_judged_without_a_crash(data: st.DataObject) -> None:
    content = bytearray(_WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert problem_of(bytes(content)).isprintable()


def problem_of(content: bytes) -> str:
    try:
        check_text(content)
    except ModelRefusedError as refusal:
        return str(refusal)
    return ""


_ATOMS = st.sampled_from(["$", "*", "1", "-1.5E3", "#2", "'a''b'", r"'\X\E9'", ".T.", '"0F"', "IFCLABEL('x')"])
_ARGUMENTS = st.recursive(_ATOMS, lambda inner: st.lists(inner, max_size=3).map(lambda items: f"({','.join(items)})"))


@given(st.lists(_ARGUMENTS, max_size=4))
def test_the_fast_path_accepts_only_what_the_exact_parser_accepts(arguments: list[str]) -> None:
    text = f"#1=IFCX({','.join(arguments)});".encode()
    exact = StepParser(text)
    exact.name()
    exact.take(b"=")
    exact.record("an entity")
    exact.take(b";")
    assert exact.at_end()
    match = ORDINARY_INSTANCE.match(text)
    assert match is None or match.end() == len(text)
