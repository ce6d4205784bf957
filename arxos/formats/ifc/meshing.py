"""The triangles of a model's products, made by IfcOpenShell in child processes: a bad product takes no other along."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import ifcopenshell
import ifcopenshell.geom

from arxos.domain.buildings.model_reader import Limits, Mesh, Progress
from arxos.formats.ifc.instances import attribute, global_id, instances_of
from arxos.formats.ifc.isolation import Send
from arxos.formats.ifc.mesh_packet import pack_began, pack_failed, pack_shape
from arxos.formats.ifc.mesh_run import MeshRun, Tessellate
from arxos.formats.ifc.outline import elements_of

# Representation types without a surface: axes, symbols, annotations, points, reference boxes.
LINES: Final = frozenset(
    {"Annotation2D", "BoundingBox", "Curve", "Curve2D", "Curve3D", "FillArea", "GeometricCurveSet", "GeometricSet",
     "Point", "PointCloud", "Text"}
)  # fmt: skip
# CGAL, and Open CASCADE for what that cannot make: the same footprints as Open CASCADE alone, usually in a third of
# its time. What this dies or hangs on is done again by the other. Manifold is faster still, but crashes and errs.
QUICK_KERNEL: Final = "hybrid-cgal-simple-opencascade"
THOROUGH_KERNEL: Final = "opencascade"
NOTHING_IN_SPACE: Final = "No suitable IfcRepresentation"


def meshes(file: ifcopenshell.file, limits: Limits, progress: Progress) -> Iterator[Mesh]:
    """The mesh of every element (voids apart) and space, openings cut out, in no certain order.

    Metres, model axes. Products without a surface come as EMPTY; see `MeshRun` for those that fail or hang. All work is
    done in forked children, which end with this iterator, however it is left; `progress` may raise to stop it.
    """
    names = {product.id(): global_id(product) for product in _products(file)}
    shaped = [product.id() for product in _products(file) if _has_surface(product)]
    return MeshRun(names, shaped, limits, progress).meshes(_all_at_once(file), _one_by_one(file))


def _products(file: ifcopenshell.file) -> list[Any]:
    solid = (element for element in elements_of(file) if not element.is_a("IfcFeatureElementSubtraction"))
    return [*solid, *instances_of(file, "IfcSpace")]


def _has_surface(product: Any) -> bool:
    representations = attribute(attribute(product, "Representation"), "Representations") or ()
    return any(_kind(representation) not in LINES for representation in representations)


def _kind(representation: Any) -> str | None:
    """The representation's type; for a mapped one, that of what it maps."""
    for item in attribute(representation, "Items") or ():
        if item.is_a("IfcMappedItem"):
            mapped = attribute(attribute(item, "MappingSource"), "MappedRepresentation")
            return attribute(mapped, "RepresentationType")  # type: ignore[no-any-return]
    return attribute(representation, "RepresentationType")  # type: ignore[no-any-return]


def _settings() -> ifcopenshell.geom.settings:
    settings = ifcopenshell.geom.settings()  # type: ignore[no-untyped-call]
    settings.set("use-world-coords", True)
    return settings


def _all_at_once(file: ifcopenshell.file) -> Tessellate:
    """Every product that can be made; the others are silently left out. One thread: a second gains nothing."""

    def tessellate(steps: Sequence[int], send: Send) -> None:
        wanted = [file.by_id(step) for step in steps]
        for shape in ifcopenshell.geom.iterator(_settings(), file, 1, include=wanted, geometry_library=QUICK_KERNEL):
            send(_packed(shape))

    return tessellate


def _one_by_one(file: ifcopenshell.file) -> Tessellate:
    """Each product by itself, announced beforehand: whoever watches knows which one it was."""

    def tessellate(steps: Sequence[int], send: Send) -> None:
        kernel = ifcopenshell.geom.kernel(_settings(), file, geometry_library=THOROUGH_KERNEL)
        for step in steps:
            send(pack_began(step))
            send(_made_alone(kernel, file.by_id(step)))

    return tessellate


def _made_alone(kernel: ifcopenshell.geom.kernel, product: Any) -> bytes:
    try:
        return _packed(kernel.create_shape(product))
    except RuntimeError as error:
        reason = str(error).partition(". ")[0]
        if reason.startswith(NOTHING_IN_SPACE):
            return pack_shape(product.id(), b"", b"")
        return pack_failed(product.id(), reason)


def _packed(shape: Any) -> bytes:
    return pack_shape(shape.id, shape.geometry.verts_buffer, shape.geometry.faces_buffer)
