"""The triangles of a model's products, made by IfcOpenShell in a child process: a bad product takes nothing else along."""

from collections.abc import Iterator, Sequence
from typing import Final

import ifcopenshell
import ifcopenshell.geom

from arxos.domain.buildings.model_reader import Limits, Mesh, Progress
from arxos.formats.ifc.isolation import Send
from arxos.formats.ifc.mesh_packet import pack_began, pack_failed, pack_shape
from arxos.formats.ifc.mesh_run import MeshRun, Tessellate

# Representation types without a surface: axes, symbols, annotations, points, reference boxes.
LINES: Final = frozenset(
    {"Annotation2D", "BoundingBox", "Curve", "Curve2D", "Curve3D", "FillArea", "GeometricCurveSet", "GeometricSet",
     "Point", "PointCloud", "Text"}
)  # fmt: skip
NOTHING_IN_SPACE: Final = "No suitable IfcRepresentation"


def meshes(file: ifcopenshell.file, limits: Limits, progress: Progress) -> Iterator[Mesh]:
    """The mesh of every element (voids apart) and space, openings cut out, in no certain order.

    Metres, model axes. Products without a surface come as EMPTY; see `MeshRun` for those that fail or hang. All work is
    done in forked children, which end with this iterator, however it is left; `progress` may raise to stop it.
    """
    names = {product.id(): product.GlobalId for product in _products(file)}
    shaped = [product.id() for product in _products(file) if _has_surface(product)]
    return MeshRun(names, shaped, limits, progress).meshes(_all_at_once(file), _one_by_one(file))


def _products(file: ifcopenshell.file) -> list[ifcopenshell.entity_instance]:
    elements = (e for e in file.by_type("IfcElement") if not e.is_a("IfcFeatureElementSubtraction"))
    return [*elements, *file.by_type("IfcSpace")]


def _has_surface(product: ifcopenshell.entity_instance) -> bool:
    shape = product.Representation
    return shape is not None and any(_kind(representation) not in LINES for representation in shape.Representations)


def _kind(representation: ifcopenshell.entity_instance) -> str | None:
    """The representation's type; for a mapped one, that of what it maps."""
    kind: str | None = representation.RepresentationType
    if kind == "MappedRepresentation" and representation.Items and representation.Items[0].is_a("IfcMappedItem"):
        kind = representation.Items[0].MappingSource.MappedRepresentation.RepresentationType
    return kind


def _settings() -> ifcopenshell.geom.settings:
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    return settings


def _all_at_once(file: ifcopenshell.file) -> Tessellate:
    """Every product that can be made; the others are silently left out. One thread: a second gains nothing."""

    def tessellate(steps: Sequence[int], send: Send) -> None:
        wanted = [file.by_id(step) for step in steps]
        for shape in ifcopenshell.geom.iterator(_settings(), file, 1, include=wanted):
            send(pack_shape(shape.id, shape.geometry.verts_buffer, shape.geometry.faces_buffer))

    return tessellate


def _one_by_one(file: ifcopenshell.file) -> Tessellate:
    """Each product by itself, announced beforehand: whoever watches knows which one it was."""

    def tessellate(steps: Sequence[int], send: Send) -> None:
        kernel = ifcopenshell.geom.kernel(_settings(), file)
        for step in steps:
            send(pack_began(step))
            send(_shape_or_reason(kernel, file.by_id(step)))

    return tessellate


def _shape_or_reason(kernel: ifcopenshell.geom.kernel, product: ifcopenshell.entity_instance) -> bytes:
    try:
        geometry = kernel.create_shape(product).geometry
    except RuntimeError as error:
        reason = str(error).partition(". ")[0]
        return (
            pack_shape(product.id(), b"", b"")
            if reason.startswith(NOTHING_IN_SPACE)
            else pack_failed(product.id(), reason)
        )
    return pack_shape(product.id(), geometry.verts_buffer, geometry.faces_buffer)
