#!/bin/sh
# Run by the image of PostgreSQL when it makes its cluster: the two roles of roles.sql, with passwords from files.
set -eu
ARXOS_OWNER_PASSWORD=$(cat "$OWNER_PASSWORD_FILE")
ARXOS_PROCESS_PASSWORD=$(cat "$PROCESS_PASSWORD_FILE")
export ARXOS_OWNER_PASSWORD ARXOS_PROCESS_PASSWORD
exec psql --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --file /opt/arxos/roles.sql
