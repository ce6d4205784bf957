"""Buildings, their models, the reports on these, and the spatial index."""

from alembic import op

revision = "0002"
down_revision = "0001"

BUILDINGS = """
CREATE TABLE buildings (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    address_line text NOT NULL,
    address_parts jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL CHECK (status IN ('draft', 'active', 'under_review', 'archived')),
    version integer NOT NULL DEFAULT 1,
    indexed_model_id uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX buildings_newest ON buildings (created_at DESC, id DESC);

-- One row for each uploaded source file; the last columns say what its spatial index was made of.
CREATE TABLE models (
    id uuid PRIMARY KEY,
    building_id uuid NOT NULL REFERENCES buildings (id) ON DELETE CASCADE,
    revision integer NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    filename text NOT NULL,
    format text NOT NULL,
    schema text,
    submitted_by text,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    indexed_at timestamptz,
    true_north_deg double precision,
    georeference jsonb,
    outline geometry(MultiPolygon, 0),
    geo_outline geometry(MultiPolygon, 4326),
    UNIQUE (building_id, revision)
);
CREATE INDEX models_sha256 ON models (sha256);
CREATE INDEX models_geo_outline ON models USING gist (geo_outline);
ALTER TABLE buildings ADD FOREIGN KEY (indexed_model_id) REFERENCES models (id)
    ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;  -- each points at the other: checked at commit

CREATE TABLE validation_reports (
    model_id uuid PRIMARY KEY REFERENCES models (id) ON DELETE CASCADE,
    schema text,
    valid boolean NOT NULL,
    rules jsonb NOT NULL,
    reported_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE findings (
    model_id uuid NOT NULL REFERENCES validation_reports (model_id) ON DELETE CASCADE,
    position integer NOT NULL,
    rule text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    message text NOT NULL,
    global_id text,
    subject text,
    expected text,
    observed text,
    PRIMARY KEY (model_id, position)
);
"""

SPATIAL_INDEX = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Plan geometry is in metres in the model's own axes (SRID 0): every building lies about the same origin, so each
-- spatial index begins with the building. A building has the rows of one model; they are written and deleted together
-- in one transaction, which is why floor_id and space_id are no foreign keys: two more checks for each row.

CREATE TABLE floors (
    id uuid PRIMARY KEY,
    building_id uuid NOT NULL REFERENCES buildings (id) ON DELETE CASCADE,
    model_id uuid REFERENCES models (id) ON DELETE CASCADE,  -- NULL: added by hand, until a model is indexed
    global_id text COLLATE "C" NOT NULL,
    name text,
    elevation_m double precision,
    z_min double precision,
    z_max double precision,
    outline geometry(MultiPolygon, 0),
    geo_outline geometry(MultiPolygon, 4326)
);
CREATE INDEX floors_building ON floors (building_id);
CREATE INDEX floors_model ON floors (model_id);

CREATE TABLE spaces (
    id uuid PRIMARY KEY,
    building_id uuid NOT NULL,
    model_id uuid NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    floor_id uuid,
    global_id text COLLATE "C" NOT NULL,
    name text,
    long_name text,
    geometry_state text NOT NULL CHECK (geometry_state IN ('done', 'empty', 'failed', 'timed_out')),
    footprint geometry(MultiPolygon, 0),
    z_min double precision,
    z_max double precision,
    box geometry(LineStringZ, 0),  -- the diagonal of the axis-aligned box
    area_m2 double precision,
    volume_m3 double precision,
    stated_area_m2 double precision,
    stated_volume_m3 double precision,
    note text
);
CREATE INDEX spaces_floor ON spaces (building_id, floor_id);
CREATE INDEX spaces_model ON spaces (model_id);
CREATE INDEX spaces_footprint ON spaces USING gist (building_id, footprint);

CREATE TABLE elements (
    id uuid PRIMARY KEY,
    building_id uuid NOT NULL,
    model_id uuid NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    floor_id uuid,          -- the floor that contains it
    crosses uuid[] NOT NULL DEFAULT '{}',  -- further floors it reaches into
    space_id uuid,
    global_id text COLLATE "C" NOT NULL,
    ifc_class text NOT NULL,
    name text,
    geometry_state text NOT NULL CHECK (geometry_state IN ('done', 'empty', 'failed', 'timed_out')),
    footprint geometry(MultiPolygon, 0),
    z_min double precision,
    z_max double precision,
    box geometry(LineStringZ, 0),  -- as above; for &&&, which finds elements in plan and in space
    note text
);
CREATE INDEX elements_floor ON elements (building_id, floor_id);
CREATE INDEX elements_class ON elements (building_id, ifc_class);
CREATE INDEX elements_crosses ON elements USING gin (crosses) WHERE crosses <> '{}';
CREATE INDEX elements_model ON elements (model_id);
CREATE INDEX elements_box ON elements USING gist (building_id, box gist_geometry_ops_nd);
"""


def upgrade() -> None:
    op.execute(BUILDINGS)
    op.execute(SPATIAL_INDEX)


def downgrade() -> None:
    raise NotImplementedError("what people uploaded is never taken away")
