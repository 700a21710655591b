-- Sessions that have ended while access tokens of theirs may still be valid. Servers fetch what is new
-- once a second and refuse those tokens. A session need not have a row in `sessions` (minted tokens).
CREATE TABLE revoked_sessions (
  session_id uuid PRIMARY KEY,
  revoked_at timestamptz NOT NULL,
  forget_at  timestamptz NOT NULL  -- no access token of the session is valid after this
);
CREATE INDEX revoked_sessions_by_time ON revoked_sessions (revoked_at, session_id);
CREATE INDEX revoked_sessions_by_end ON revoked_sessions (forget_at);
ALTER TABLE revoked_sessions OWNER TO praxis_owner;
-- No policy: only the functions below, whose owner may bypass, see anything.
ALTER TABLE revoked_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE revoked_sessions FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON revoked_sessions TO praxis_lookup;

-- However a session ends (logout, a refresh token used twice), its tokens end with it. Access tokens
-- of sessions live 15 minutes; one more for clocks that differ.
CREATE FUNCTION note_revoked_session() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  INSERT INTO revoked_sessions (session_id, revoked_at, forget_at)
  VALUES (NEW.session_id, clock_timestamp(), now() + interval '16 minutes')
  ON CONFLICT (session_id) DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER sessions_revoked AFTER UPDATE OF revoked_at ON sessions
  FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION note_revoked_session();

-- Logout: ends the session and every access token of it up to `token_expires` (seconds since 1970).
CREATE FUNCTION session_end(of_session uuid, token_expires bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  UPDATE sessions SET revoked_at = now() WHERE session_id = of_session AND revoked_at IS NULL;
  INSERT INTO revoked_sessions (session_id, revoked_at, forget_at)
  VALUES (of_session, clock_timestamp(),
          greatest(now() + interval '16 minutes', to_timestamp(token_expires)))
  ON CONFLICT (session_id) DO UPDATE
    SET revoked_at = excluded.revoked_at,
        forget_at = greatest(revoked_sessions.forget_at, excluded.forget_at);
  DELETE FROM revoked_sessions WHERE session_id IN (
    SELECT session_id FROM revoked_sessions WHERE forget_at < now()
    LIMIT 100 FOR UPDATE SKIP LOCKED);
END
$$;

-- What was revoked after (after_time, after_session), oldest first; at most `most` rows.
CREATE FUNCTION revoked_sessions_after(after_time timestamptz, after_session uuid, most int)
RETURNS TABLE (session_id uuid, revoked_at timestamptz, forget_at bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
  SELECT r.session_id, r.revoked_at, ceil(extract(epoch FROM r.forget_at))::bigint
  FROM revoked_sessions r
  WHERE (r.revoked_at, r.session_id) > (after_time, after_session) AND r.forget_at > now()
  ORDER BY r.revoked_at, r.session_id
  LIMIT most
$$;

ALTER FUNCTION note_revoked_session() OWNER TO praxis_lookup;
ALTER FUNCTION session_end(uuid, bigint) OWNER TO praxis_lookup;
ALTER FUNCTION revoked_sessions_after(timestamptz, uuid, int) OWNER TO praxis_lookup;
REVOKE EXECUTE ON FUNCTION note_revoked_session(), session_end(uuid, bigint),
  revoked_sessions_after(timestamptz, uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_end(uuid, bigint), revoked_sessions_after(timestamptz, uuid, int)
  TO praxis_app;
