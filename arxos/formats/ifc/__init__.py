"""Industry Foundation Classes (ISO 16739) in STEP files (ISO 10303-21), on IfcOpenShell."""

from arxos.formats.ifc.reader import IfcReader

READER = IfcReader()
