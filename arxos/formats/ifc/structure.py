"""Where things are: the chain from an element to its space, floor, building."""

from collections.abc import Iterator
from typing import Any

import ifcopenshell

from arxos.formats.ifc.instances import instances_of, many, one

# relation, the child's side, the parent's side; a later line gives way to an earlier one
_UPWARD = (
    ("IfcRelContainedInSpatialStructure", "RelatedElements", "RelatingStructure"),
    ("IfcRelAggregates", "RelatedObjects", "RelatingObject"),
    ("IfcRelNests", "RelatedObjects", "RelatingObject"),
    ("IfcRelVoidsElement", "RelatedOpeningElement", "RelatingBuildingElement"),
    ("IfcRelFillsElement", "RelatedBuildingElement", "RelatingOpeningElement"),
)


class Structure:
    """Who is in what, from one pass over the relationships."""

    def __init__(self, file: ifcopenshell.file) -> None:
        self._parents: dict[int, Any] = {}
        for relation, child_side, parent_side in _UPWARD:
            for instance in instances_of(file, relation):
                self._link(many(instance, child_side), one(instance, parent_side))

    def _link(self, children: tuple[Any, ...], parent: Any | None) -> None:
        for child in children if parent is not None else ():
            self._parents.setdefault(child.id(), parent)

    def ancestors(self, instance: Any) -> Iterator[Any]:
        """What it is in, nearest first; a circle in the file ends the climb."""
        seen = {instance.id()}
        while (instance := self._parents.get(instance.id())) is not None and instance.id() not in seen:
            seen.add(instance.id())
            yield instance

    def nearest(self, instance: Any, entity: str) -> Any | None:
        """The nearest ancestor of that entity."""
        return next((above for above in self.ancestors(instance) if above.is_a(entity)), None)
