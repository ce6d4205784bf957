"""`BuildingRepository` on PostgreSQL and PostGIS."""

from arxos.storage.building_queries import BuildingQueries
from arxos.storage.building_rows import BuildingRows
from arxos.storage.index_audit import BuildingAudits
from arxos.storage.index_rows import IndexRows
from arxos.storage.model_rows import ModelRows


class PostgresBuildings(BuildingRows, ModelRows, IndexRows, BuildingQueries, BuildingAudits):
    """All of it on one open connection, in the transaction of whoever holds that; nothing here commits."""
