"""That a process of the interface lives, told to the ledger."""

import threading
from dataclasses import dataclass

from arxos.app.bootstrap import Runtime, hasty
from arxos.app.presence import Presence, new_service
from arxos.storage.services import Services


@dataclass(frozen=True, slots=True)
class Announced:
    """A thread that goes on telling."""

    presence: Presence
    thread: threading.Thread

    def end(self) -> None:
        """Take the row away."""
        self.presence.stopping.set()
        self.thread.join(2)


def announced(runtime: Runtime) -> Announced:
    """Begin."""
    presence = Presence(Services(hasty(runtime).database), new_service("api"), [])
    thread = threading.Thread(target=presence.run, name="presence", daemon=True)
    thread.start()
    return Announced(presence, thread)
