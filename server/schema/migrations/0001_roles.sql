-- Who may do what. The server logs in as praxis_app: it owns nothing and no policy lets it out of the
-- clinic that its transaction names.
DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('praxis_owner', 'NOLOGIN'),             -- owns the tables (policies hold for it too: FORCE)
      ('praxis_app', 'LOGIN'),                 -- the server
      ('praxis_lookup', 'NOLOGIN BYPASSRLS'),  -- owns only the functions needed before a clinic is known
      ('praxis_audit', 'NOLOGIN')              -- owns only the functions that append to the audit log
    ) AS roles(name, options)
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
      EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.options);
    END IF;
  END LOOP;
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO praxis_owner, praxis_app, praxis_lookup, praxis_audit;

-- The clinic of this transaction; NULL (no rows) when none was named. The setting is '' and not NULL
-- once any transaction of the session has set it.
CREATE FUNCTION current_clinic() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT NULLIF(current_setting('app.clinic_id', true), '')::uuid $$;

-- Puts a table under the rules: owned by praxis_owner, one clinic's rows at a time, for everybody.
CREATE PROCEDURE guard_by_clinic(guarded regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s OWNER TO praxis_owner', guarded);
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
  EXECUTE format('CREATE POLICY one_clinic ON %s USING (clinic_id = current_clinic()) '
                 'WITH CHECK (clinic_id = current_clinic())', guarded);
END
$$;
