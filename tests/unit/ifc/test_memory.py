"""Memory in proportion to the file: ten times the file takes about ten times as much, whatever stands in it."""

from pathlib import Path

import pytest

from tests.memory import peak_bytes
from tests.step_files import step, written

MEBIBYTE = 1 << 20
IMPORTS = """
from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.reader import open_ifc
"""
CHECK = """
try:
    open_ifc(Path(sys.argv[1]), checked=True).validate(express=False, progress=lambda done, note: None)
except ModelRefusedError as refusal:
    print(refusal)
"""
WALL = "#1=IFCWALL('0000000000000000000001',$,{},$,$,$,$,$,$);"
HALL = "#2=IFCBUILDING('0000000000000000000002',$,$,$,$,$,$,$,$,$,$,$);"


def related(walls: str) -> str:
    return f"{HALL}\n#3=IFCRELAGGREGATES('0000000000000000000003',$,$,$,#2,({walls}));"


CONTENTS = {
    "one wall, named again and again": lambda n: f"{WALL.format('$')}\n{related(','.join(['#1'] * n))}",
    "a list in a list in a list": lambda n: f"#1=IFCPERSON($,$,((({','.join(['1'] * n)}))),$,$,$,$,$);",
    "a long name, pointed at again and again": lambda n: (
        WALL.format("'" + "x" * n + "'") + related(",".join(["#1"] * n))
    ),
    "many instances in one list": lambda n: (
        "\n".join(f"#{i + 9}=IFCWALL($,$,$,$,$,$,$,$,$);" for i in range(n))
        + "\n"
        + related(",".join(f"#{i + 9}" for i in range(n)))
    ),
    "references that lead nowhere": lambda n: related(",".join(f"#{i + 9}" for i in range(n))),
    "entities that do not exist": lambda n: "\n".join(f"#{i + 9}=IFCNOSUCH(#1,#2);" for i in range(n)),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_ten_times_the_file_takes_about_ten_times_the_memory(tmp_path: Path, case: str) -> None:
    small, large = (
        peak_bytes(IMPORTS, CHECK, written(tmp_path, step(CONTENTS[case](n)), f"{n}.ifc")) for n in (1_000, 10_000)
    )
    assert large < max(10 * small, 64 * MEBIBYTE)


def test_a_list_of_references_takes_little_more_than_its_file(tmp_path: Path) -> None:
    path = written(tmp_path, step(f"{WALL.format('$')}\n{related(','.join(['#1'] * 5_000_000))}"))
    assert path.stat().st_size > 14_000_000
    assert peak_bytes(IMPORTS, CHECK, path) < 48 * MEBIBYTE


def test_a_long_list_where_the_syntax_is_rare_is_not_kept(tmp_path: Path) -> None:
    path = written(tmp_path, step(f"#1=IFCPERSON($,$,((({','.join(['1.5'] * 1_000_000)}))),$,$,$,$,$);"))
    code = "from arxos.formats.ifc.syntax import check_syntax\ncheck_syntax(Path(sys.argv[1]))"
    assert peak_bytes(IMPORTS, code, path) < 16 * MEBIBYTE
