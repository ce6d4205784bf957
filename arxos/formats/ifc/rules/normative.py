"""How a normative rule is declared: a rule on an IfcModel, for some schema versions."""

from collections.abc import Callable
from functools import wraps

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.rules.rule import Checks, Rule
from arxos.formats.ifc.ifc_model import IfcModel

ALL = ("IFC2X3", "IFC4", "IFC4X3")
IFC4_ON = ("IFC4", "IFC4X3")
IFC4X3 = ("IFC4X3",)
Check = Callable[[IfcModel], Checks]


def normative(
    rule_id: str, title: str, *, schemas: tuple[str, ...] = ALL, industry_practice: bool = False
) -> Callable[[Check], Rule[IfcModel]]:
    """Declare the decorated check as a normative rule of these schema versions; to all others it does not apply."""

    def declare(check: Check) -> Rule[IfcModel]:
        @wraps(check)
        def where_it_applies(model: IfcModel) -> Checks:
            if model.schema in schemas:
                yield from check(model)

        return Rule(rule_id, title, Severity.WARNING if industry_practice else Severity.ERROR, where_it_applies)

    return declare
