"""How the tests of normative rules are written: which verdict a rule must give of which draft."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from arxos.domain.buildings.findings import Verdict
from arxos.domain.buildings.rules.rule import Judgement, Rule, judge_by
from arxos.formats.ifc.validation import normative_rules
from tests.step_files import Draft

RULES = {rule.id: rule for rule in normative_rules()}
PASSED, FAILED, NOT_APPLICABLE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_APPLICABLE
Make = Callable[[], Draft]
Case = tuple[str, Verdict, Make]


def judged(rule: str, draft: Draft) -> Judgement:
    """What the rule says of the draft."""
    return judge_by(RULES[rule], draft.model())


def collector(cases: list[Case]) -> Callable[[str, Verdict], Callable[[Make], Make]]:
    """A decorator `@case(rule, verdict)` for functions that make a draft; it adds to `cases`."""

    def case(rule: str, verdict: Verdict) -> Callable[[Make], Make]:
        def note(make: Make) -> Make:
            cases.append((rule, verdict, make))
            return make

        return note

    return case


def not_failed(cases: list[Case], *families: ModuleType) -> set[str]:
    """The families' rules that no case fails."""
    rules = {member.id for family in families for member in vars(family).values() if isinstance(member, Rule)}
    return rules - {rule for rule, verdict, _ in cases if verdict is FAILED}


def of(entity: str, schema: str = "IFC4", **attributes: Any) -> Draft:
    """A draft of this one instance."""
    draft = Draft(schema)
    draft.add(entity, **attributes)
    return draft
