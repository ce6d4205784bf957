-- The two roles of a database: `arxos_owner` owns the schema and migrates it, `arxos_process` reads and writes rows.
-- By a superuser, in the database itself, again whenever passwords change:
--
--     ARXOS_OWNER_PASSWORD=… ARXOS_PROCESS_PASSWORD=… psql --no-psqlrc --file=deploy/postgres/roles.sql DATABASE
--
-- Then `arxos migrate` with ARXOS_DATABASE_OWNER_URL grants `arxos_process` its rights, table by table.
\set ON_ERROR_STOP on
\set QUIET on
\getenv owner_password ARXOS_OWNER_PASSWORD
\getenv process_password ARXOS_PROCESS_PASSWORD
BEGIN;
SELECT pg_advisory_xact_lock(hashtext('arxos roles')) \g /dev/null
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['arxos_owner', 'arxos_process']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE arxos_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE arxos_process LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'process_password';
-- To see who keeps a transaction open, whatever their role: `arxos doctor` and the relay tell of it.
GRANT pg_read_all_stats TO arxos_process;

CREATE EXTENSION IF NOT EXISTS postgis;
ALTER DATABASE :"DBNAME" OWNER TO arxos_owner;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO arxos_process;
ALTER SCHEMA public OWNER TO arxos_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- What somebody else has migrated before becomes the owner's; not what belongs to an extension.
SELECT format('ALTER %s %s OWNER TO arxos_owner', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, pg_class.oid::regclass)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND relowner <> 'arxos_owner'::regrole
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
\gexec
SELECT format('ALTER ROUTINE %s OWNER TO arxos_owner', pg_proc.oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proowner <> 'arxos_owner'::regrole
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
\gexec
COMMIT;
