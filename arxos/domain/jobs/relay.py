"""How the relays are, for whoever wonders why nothing starts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelayState:
    """The relays at one moment of the database's clock."""

    alive: int
    silent_s: float | None = None  # since anything was heard of any relay; None: none was ever there, or long ago
    trouble: str | None = None  # what keeps all that live from publishing
    trouble_s: float = 0.0
    waiting: int = 0  # due jobs that nobody has published; counted where there is trouble


def complaint(state: RelayState) -> str | None:
    """What is wrong with publishing, in one line; None where nothing is, or nothing waits for a relay."""
    waiting = f"{state.waiting} due {'job waits' if state.waiting == 1 else 'jobs wait'}"
    if not state.alive and state.waiting:
        heard = f", the last was heard {state.silent_s:.0f} s ago" if state.silent_s is not None else ""
        return f"no relay is alive{heard}: start one with `arxos relay`; {waiting}"
    if state.trouble:
        return f"the relay cannot publish for {state.trouble_s:.0f} s: {state.trouble}; {waiting}"
    return None
