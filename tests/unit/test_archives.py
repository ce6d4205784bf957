"""Archives: what is read, what is refused and why, and how much memory that takes."""

import bz2
import io
import lzma
import zipfile
from pathlib import Path

import pytest

from arxos.domain.errors import ModelRefusedError
from arxos.formats.archives.bounds import MEBIBYTE, Bounds
from arxos.formats.archives.unpack import unpacked
from tests.archive_files import STORED, Entry, archive, deflated, gzipped, lying
from tests.memory import peak_bytes
from tests.step_files import step, written

TEXT = step("#1=IFCWALL('0000000000000000000001',$,'Wall',$,$,$,$,$,$);")
MODEL = Entry("house.ifc", TEXT)
NOTES = Entry("notes.txt", b"read me", method=STORED)
QUOTE = Entry("quote.bin", b"\0" * 9)


def zip64(plain: bytes) -> bytes:
    """As a writer makes it that does not know beforehand how large the file becomes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made,
        made.open("house.ifc", "w", force_zip64=True) as file,
    ):
        file.write(plain)
    return buffer.getvalue()


HONEST = {
    "plain": TEXT,
    "stored": archive(Entry("house.ifc", TEXT, method=STORED)),
    "deflated": archive(MODEL),
    "beside others": archive(NOTES, MODEL, Entry("__MACOSX/house.ifc", b"attributes")),
    "in a folder": archive(Entry("models/"), Entry("models/HOUSE.IFC", TEXT)),
    "with a data descriptor": archive(Entry("house.ifc", TEXT, descriptor=True), NOTES),
    "with a comment": archive(MODEL, comment=b"for you"),
    "with zip64 sizes": zip64(TEXT),
    "gzip": gzipped(TEXT),
    "gzip of several members": gzipped(TEXT[:9]) + gzipped(b"") + gzipped(TEXT[9:]),
    "gzip padded with zeros": gzipped(TEXT) + bytes(1000),
    "gzipped zip": gzipped(archive(MODEL)),
}
OVERLAP = lying(MODEL, offset=0)
REFUSED = {
    "bzip2": (archive(Entry("house.ifc", TEXT, bz2.compress(TEXT), method=12)), "compressed with bzip2"),
    "LZMA": (archive(Entry("house.ifc", TEXT, lzma.compress(TEXT), method=14)), "compressed with LZMA"),
    "Zstandard": (archive(Entry("house.ifc", TEXT, TEXT, method=93)), "compressed with Zstandard"),
    "method 97": (archive(Entry("house.ifc", TEXT, TEXT, method=97)), "compressed with method 97"),
    "encrypted": (archive(lying(MODEL, flags=1)), "encrypted"),
    "several models": (archive(MODEL, Entry("b.ifc", TEXT)), "exactly one .ifc file, this one holds 2"),
    "the same name twice": (archive(MODEL, MODEL), "exactly one .ifc file, this one holds 2"),
    "no model": (archive(NOTES), "exactly one .ifc file, this one holds 0"),
    "a zip in a zip": (archive(Entry("house.ifc", archive(MODEL))), "holds another archive"),
    "a gzip in a zip": (archive(Entry("house.ifc", gzipped(TEXT))), "holds another archive"),
    "a gzip in a gzip": (gzipped(gzipped(TEXT)), "holds another archive"),
    "an .ifczip in a zip": (archive(Entry("house.ifczip", archive(MODEL))), "exactly one .ifc file, this one holds 0"),
    "too many files": (archive(MODEL, *(Entry(f"{n}.txt") for n in range(1000))), "more than 1,000 files"),
    "a long name": (archive(MODEL, Entry("n" * 1025)), "a name of more than 1,024"),
    "a huge directory": (archive(MODEL, *(Entry(f"{n:0990}.txt") for n in range(1100))), "directory is larger than"),
    "the same bytes twice": (
        archive(MODEL, lying(MODEL, name="other.txt", local_name="other.txt", offset=0)),
        "contradicts",
    ),
    "overlapping files": (archive(Entry("q.txt", MODEL.local(), method=STORED), lying(MODEL, offset=35)), "overlap"),
    "a place behind the end": (archive(lying(MODEL, offset=1 << 30)), "directory is broken"),
    "more packed bytes than there are": (archive(lying(MODEL, packed_size=1 << 20)), "overlap, or reach beyond"),
    "fewer packed bytes than told": (archive(Entry("house.ifc", TEXT, deflated(TEXT) + b"more")), "fewer bytes"),
    "a wrong CRC": (archive(lying(MODEL, crc=1)), "wrong CRC"),
    "a size too small": (archive(lying(MODEL, size=10)), "another size"),
    "a size too large": (archive(lying(MODEL, size=1 << 20)), "another size"),
    "a wrong CRC behind a descriptor": (archive(Entry("house.ifc", TEXT, crc=1, descriptor=True)), "wrong CRC"),
    "another name in its header": (archive(lying(MODEL, local_name="other.ifc")), "contradicts its directory"),
    "another method in its header": (archive(lying(MODEL, local_method=STORED)), "contradicts its directory"),
    "another size in its header": (archive(lying(MODEL, local_size=7)), "contradicts its directory"),
    "zip64 sizes that are not there": (
        archive(lying(MODEL, size=0xFFFFFFFF, packed_size=0xFFFFFFFF)),
        "archive refused",
    ),
    "rubbish in its deflate": (archive(Entry("house.ifc", TEXT, b"\xff" * 99)), "compressed data is broken"),
    "a deflate without an end": (archive(Entry("house.ifc", TEXT, deflated(TEXT)[:-9])), "ends too early"),
    "bytes behind it": (archive(MODEL) + b"more", "something follows its end"),
    "no directory": (MODEL.local(), "no directory"),
    "a directory cut off": (archive(MODEL)[:-9], "no directory"),
    "gzip cut off": (gzipped(TEXT)[:-9], "ends too early"),
    "gzip of rubbish": (b"\x1f\x8b" + b"rubbish" * 9, "compressed data is broken"),
    "gzip with a wrong CRC": (gzipped(TEXT)[:-8] + bytes(8), "compressed data is broken"),
    "gzip and bytes behind it": (gzipped(TEXT) + b"more", "something else follows"),
    "gzip of too many members": (gzipped(b"") * 10_001, "more than 10,000 gzip members"),
    "a gzip bomb": (gzipped(bytes(20 << 20)), "unpacks to more than 16,777,216 bytes"),
    "a zip bomb": (archive(Entry("house.ifc", bytes(20 << 20))), "unpacks to more than 16,777,216 bytes"),
    "a bomb in two layers": (gzipped(archive(Entry("house.ifc", bytes(20 << 20)))), "unpacks to more than 16,777,216"),
}


@pytest.mark.parametrize("case", HONEST)
def test_honest_archives_give_the_file_that_they_pack(tmp_path: Path, case: str) -> None:
    with unpacked(written(tmp_path, HONEST[case], "house"), ".ifc") as plain:
        assert plain.read_bytes() == TEXT


@pytest.mark.parametrize("case", REFUSED)
def test_other_archives_are_refused_with_the_reason(tmp_path: Path, case: str) -> None:
    content, reason = REFUSED[case]
    with (
        pytest.raises(ModelRefusedError, match="archive refused: ") as refusal,
        unpacked(written(tmp_path, content, "house"), ".ifc"),
    ):
        pass
    assert reason in str(refusal.value)


def test_the_ratio_counts_over_all_layers(tmp_path: Path) -> None:
    bomb = gzipped(archive(Entry("house.ifc", bytes(2 << 20))))
    path, reason = written(tmp_path, bomb, "bomb"), f"more than {200 * len(bomb):,} bytes"
    with pytest.raises(ModelRefusedError, match=reason), unpacked(path, ".ifc", Bounds(free_bytes=1000)):
        pass


def test_nothing_unpacked_stays_behind(tmp_path: Path) -> None:
    with unpacked(written(tmp_path, gzipped(archive(MODEL)), "house"), ".ifc") as plain:
        folder = plain.parent
    assert not folder.exists()


IMPORTS = """
from arxos.domain.errors import ModelRefusedError
from arxos.formats.archives.bounds import Bounds
from arxos.formats.archives.unpack import unpacked
"""
UNPACK = """
try:
    with unpacked(Path(sys.argv[1]), ".ifc", Bounds(free_bytes=1 << 30)):
        pass
except ModelRefusedError as refusal:
    print(refusal)
"""
LARGE = bytes(100 * MEBIBYTE)
COSTLY = {
    "bzip2": lambda: archive(Entry("house.ifc", LARGE, bz2.compress(LARGE), method=12)),
    "LZMA": lambda: archive(Entry("house.ifc", LARGE, lzma.compress(LARGE, lzma.FORMAT_ALONE), method=14)),
    "deflate": lambda: archive(Entry("house.ifc", LARGE)),
    "gzip": lambda: gzipped(LARGE),
    "directory": lambda: archive(MODEL, *(Entry(f"{n:0900}") for n in range(20_000))),
    "gzip members": lambda: gzipped(b"") * 500_000,
}


@pytest.mark.parametrize("case", COSTLY)
def test_the_memory_that_unpacking_takes_is_bounded(tmp_path: Path, case: str) -> None:
    assert peak_bytes(IMPORTS, UNPACK, written(tmp_path, COSTLY[case](), "costly")) < 24 * MEBIBYTE
