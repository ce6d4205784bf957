"""A small house made with IfcOpenShell, for tests of what has a shape."""

from collections.abc import Sequence
from typing import Any

import ifcopenshell
import ifcopenshell.api.aggregate
import ifcopenshell.api.context
import ifcopenshell.api.feature
import ifcopenshell.api.geometry
import ifcopenshell.api.root
import ifcopenshell.api.spatial
import ifcopenshell.api.unit
import numpy as np


class House:
    """One storey of elevation 0 at some altitude, in millimetres; lengths are given in metres."""

    def __init__(self, altitude: float = 0.0) -> None:
        self.file = ifcopenshell.file(schema="IFC4")
        project = self.made("IfcProject", "House")
        unit = ifcopenshell.api.unit.add_si_unit(self.file, unit_type="LENGTHUNIT", prefix="MILLI")
        ifcopenshell.api.unit.assign_unit(self.file, units=[unit])
        model = ifcopenshell.api.context.add_context(self.file, context_type="Model")
        self.body = ifcopenshell.api.context.add_context(self.file, "Model", "Body", "MODEL_VIEW", parent=model)
        plan = ifcopenshell.api.context.add_context(self.file, context_type="Plan")
        self.symbols = ifcopenshell.api.context.add_context(self.file, "Plan", "Annotation", "PLAN_VIEW", parent=plan)
        self.building, self.storey = self.made("IfcBuilding", "House"), self.made("IfcBuildingStorey", "Ground")
        self.storey.Elevation = 0.0
        raised = np.eye(4)
        raised[2, 3] = altitude
        ifcopenshell.api.geometry.edit_object_placement(self.file, product=self.storey, matrix=raised, is_si=True)
        ifcopenshell.api.aggregate.assign_object(self.file, products=[self.building], relating_object=project)
        ifcopenshell.api.aggregate.assign_object(self.file, products=[self.storey], relating_object=self.building)

    def made(self, ifc_class: str, name: str) -> Any:
        return ifcopenshell.api.root.create_entity(self.file, ifc_class=ifc_class, name=name)

    def block(self, ifc_class: str, name: str, low: Sequence[float], size: Sequence[float]) -> Any:
        """An upright block from `low`, of `size`."""
        profile = self.file.createIfcRectangleProfileDef(
            "AREA", None, self._centred(size), size[0] * 1000, size[1] * 1000
        )
        return self.shaped(ifc_class, name, "SweptSolid", [self._extruded(profile, size[2])], low)

    def shaped(self, ifc_class: str, name: str, kind: str, items: list[Any], low: Sequence[float] = (0, 0, 0)) -> Any:
        """A product of these items, on the storey."""
        context = self.symbols if kind == "Curve2D" else self.body
        shape = self.file.createIfcShapeRepresentation(context, context.ContextIdentifier, kind, items)
        return self.placed(ifc_class, name, shape, low)

    def placed(self, ifc_class: str, name: str, shape: Any, low: Sequence[float] = (0, 0, 0)) -> Any:
        """A product with this representation."""
        product, matrix = self.made(ifc_class, name), np.eye(4)
        matrix[:3, 3] = low
        ifcopenshell.api.geometry.edit_object_placement(self.file, product=product, matrix=matrix, is_si=True)
        ifcopenshell.api.geometry.assign_representation(self.file, product=product, representation=shape)
        if product.is_a("IfcSpace"):
            ifcopenshell.api.aggregate.assign_object(self.file, products=[product], relating_object=self.storey)
        elif not product.is_a("IfcOpeningElement"):
            ifcopenshell.api.spatial.assign_container(self.file, products=[product], relating_structure=self.storey)
        return product

    def cut(self, wall: Any, low: Sequence[float], size: Sequence[float]) -> Any:
        """An opening in the wall."""
        opening = self.block("IfcOpeningElement", "Opening", low, size)
        ifcopenshell.api.feature.add_feature(self.file, feature=opening, element=wall)
        return opening

    def line(self, *points: Sequence[float]) -> Any:
        """A polyline."""
        corners = [self.file.createIfcCartesianPoint([float(c) * 1000 for c in point]) for point in points]
        return self.file.createIfcPolyline(corners)

    def content(self) -> bytes:
        """The house as a file."""
        text: str = self.file.to_string()  # type: ignore[no-untyped-call]
        return text.encode()

    def _centred(self, size: Sequence[float]) -> Any:
        middle = self.file.createIfcCartesianPoint((size[0] * 500.0, size[1] * 500.0))
        return self.file.createIfcAxis2Placement2D(middle, None)

    def _extruded(self, profile: Any, height: float) -> Any:
        up = self.file.createIfcDirection((0.0, 0.0, 1.0))
        return self.file.createIfcExtrudedAreaSolid(profile, None, up, height * 1000.0)
