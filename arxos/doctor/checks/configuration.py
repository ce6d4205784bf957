"""What the environment decides: wrong values, weak secrets, what belongs to tests."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from arxos.app.tokens import SHORTEST_SECRET
from arxos.doctor.finding import Check, Remark, Severity, error, info, ok, warning

LEAST_BITS = 100.0  # a word of 32 letters has more, repeated words and digits fewer
PLACEHOLDERS = (
    "secret",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "example",
    "placeholder",
    "replace",
    "default",
)
MAKE_ONE = "set ARXOS_JWT_SECRET to the output of `openssl rand -hex 32`, for all processes that issue or read tokens"


@dataclass(frozen=True, slots=True)
class ConfigurationFacts:
    """The environment, read. `wrong`: what is wrong, by field."""

    wrong: Mapping[str, str]
    probes: bool
    secret: str | None = field(repr=False)


def values(facts: ConfigurationFacts) -> list[Remark]:
    """Whether each variable can be read."""
    return [
        Remark(Severity.ERROR, problem, "correct it; docs/settings.md says what is allowed", problem.partition(":")[0])
        for problem in facts.wrong.values()
    ] or ok("every ARXOS_ variable can be read")


def jwt_secret(facts: ConfigurationFacts) -> list[Remark]:
    """Whether somebody could forge tokens."""
    secret = facts.secret
    if not secret:
        return info("ARXOS_JWT_SECRET is not set: tokens can be neither issued nor read", MAKE_ONE)
    if (size := len(secret.encode())) < SHORTEST_SECRET:
        return error(f"ARXOS_JWT_SECRET has {size} bytes, fewer than {SHORTEST_SECRET}", MAKE_ONE)
    if any(word in secret.lower() for word in PLACEHOLDERS):
        return error("ARXOS_JWT_SECRET looks like a placeholder: whoever knows it is whoever they like", MAKE_ONE)
    if bits(secret) < LEAST_BITS:
        return warning("ARXOS_JWT_SECRET repeats itself: it could be guessed", MAKE_ONE)
    return ok("ARXOS_JWT_SECRET is long and looks random")


def probes(facts: ConfigurationFacts) -> list[Remark]:
    """Whether anybody may order crashes."""
    if facts.probes:
        return warning(
            "ARXOS_PROBES=1: whoever may submit jobs may crash workers and fill their memory",
            "unset it in production",
        )
    return ok("probe kinds are off")


def bits(text: str) -> float:
    """How much there is to guess, at most: the entropy of what the text repeats. ``"ab" * 20``: 2 bits."""
    period = next(n for n in range(1, len(text) + 1) if text == (text[:n] * (len(text) // n + 1))[: len(text)])
    part = text[:period]
    return -sum(n * math.log2(n / period) for n in Counter(part).values())


CHECKS: tuple[Check[ConfigurationFacts], ...] = (
    Check("settings.values", Severity.ERROR, values),
    Check("settings.jwt_secret", Severity.ERROR, jwt_secret),
    Check("settings.probes", Severity.WARNING, probes),
)
