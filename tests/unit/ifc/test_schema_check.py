"""The schema check leaves IfcOpenShell as it found it: later checks of the same process use it, too."""

import ifcopenshell

from arxos.formats.ifc.schema_check import _guarded, _Log


def test_instances_are_written_out_in_full_after_a_check() -> None:
    wall = ifcopenshell.file().create_entity("IfcWall")
    before = str(wall)
    for _ in range(2):
        with _guarded(_Log()):
            assert str(wall) == "#1=IfcWall(…)"
        assert str(wall) == before
