"""Everything that can be asked how it is, for jobs."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from arxos.app.components import Components
from arxos.app.settings import Settings
from arxos.domain.health.parts import Component
from arxos.domain.ports import BlobStore
from arxos.outside.watched import Watched, parse_certificates, parse_services
from arxos.storage.database import Database


@dataclass(frozen=True, slots=True)
class SystemSurroundings:
    """See `Surroundings`. Connects when it looks."""

    settings: Settings
    database: Database
    blobs: BlobStore

    def look(self) -> Mapping[str, Component]:
        services = parse_services(self.settings.watch_services.get_secret_value())
        watched = Watched(services, parse_certificates(self.settings.watch_certificates))
        with closing(Components(self.settings, self.database, self.blobs)) as components:
            return components.look() | watched.look()
