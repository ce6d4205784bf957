"""The ports on PostgreSQL/PostGIS, Redis and the blob store."""
