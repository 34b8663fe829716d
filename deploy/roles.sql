-- The roles of Magistral Audit, and what each may do with the database it is run in.
--
--   magistral_owner   owns the database and its tables; runs the migrations, and nothing else
--   magistral_app     what the service runs as: owns nothing, and has no right but to connect until the
--                     migrations grant it INSERT and SELECT on evidence
--   magistral_sequencer  what `manage.py sequence` runs as: reads entries, and alone writes the log's
--                     tables (INSERT and SELECT); the migrations grant it that
--   magistral_auditor  for people who check: SELECT on evidence, entries and the log, and nothing
--                     else; `manage.py check_log` runs as it. Give it a password with \password
--
-- Run it in the service's own database, as a superuser or as a role with CREATEROLE and CREATEDB. It may
-- be run again. An empty password leaves the role's present one as it is.
--
--   createdb --template=template0 --encoding=UTF8 --lc-collate=C --lc-ctype=C.UTF-8 magistral
--   psql -d magistral -v owner_password='...' -v app_password='...' -v sequencer_password='...' \
--        -f deploy/roles.sql
--
-- (With LC_CTYPE C instead of C.UTF-8, searching finds nothing in Greek, Arabic, Chinese or Devanagari.)

\set ON_ERROR_STOP on

BEGIN;

SELECT set_config('magistral.owner_password', :'owner_password', true),
       set_config('magistral.app_password', :'app_password', true),
       set_config('magistral.sequencer_password', :'sequencer_password', true);

DO $$
DECLARE
    name text;
    password text;
BEGIN
    FOR name, password IN VALUES
        ('magistral_owner', current_setting('magistral.owner_password')),
        ('magistral_app', current_setting('magistral.app_password')),
        ('magistral_sequencer', current_setting('magistral.sequencer_password')),
        ('magistral_auditor', '')
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        IF password <> '' THEN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', name, password);
        END IF;
    END LOOP;
END
$$;

-- Somebody who is not a superuser may hand the database over only as a member of the new owner.
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT magistral_owner TO %I', current_user);
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO magistral_owner', current_database());
    -- A transaction that has written and stays open keeps everything younger out of the log.
    EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = %L', current_database(), '60s');
    -- Statements here are short: compiling one takes longer than running it.
    EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM magistral_app, magistral_sequencer, magistral_auditor', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO magistral_app, magistral_sequencer, magistral_auditor', current_database());
END
$$;

COMMIT;
