CREATE TABLE clinics (
  clinic_id  uuid PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CALL guard_by_clinic('clinics');
GRANT SELECT ON clinics TO praxis_app;

CREATE TABLE users (
  user_id       uuid PRIMARY KEY,
  clinic_id     uuid NOT NULL REFERENCES clinics,
  role          text NOT NULL CHECK (role IN ('SUPER_ADMIN', 'CLINIC_ADMIN', 'DOCTOR', 'NURSE',
                                              'RECEPTIONIST', 'PATIENT')),
  email         text NOT NULL CHECK (email = lower(email)),
  password_hash text NOT NULL,
  first_name    text NOT NULL,
  last_name     text NOT NULL,
  active        boolean NOT NULL DEFAULT true,
  created_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (clinic_id, user_id),
  CONSTRAINT users_email_key UNIQUE (email)
);
CALL guard_by_clinic('users');
-- Not password_hash: only login_lookup() hands it out.
GRANT SELECT (user_id, clinic_id, role, email, first_name, last_name, active, created_at)
  ON users TO praxis_app;

-- The two-column keys make it impossible to point at another clinic's user.
CREATE TABLE doctors (
  user_id   uuid PRIMARY KEY,
  clinic_id uuid NOT NULL,
  specialty text NOT NULL,
  UNIQUE (clinic_id, user_id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, user_id)
);
CALL guard_by_clinic('doctors');
GRANT SELECT ON doctors TO praxis_app;

CREATE TABLE patients (
  user_id       uuid PRIMARY KEY,
  clinic_id     uuid NOT NULL,
  date_of_birth date NOT NULL,
  gender        text NOT NULL,
  phone         text NOT NULL,
  UNIQUE (clinic_id, user_id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, user_id)
);
CALL guard_by_clinic('patients');
GRANT SELECT ON patients TO praxis_app;

-- One row per login. refresh_jti is the one refresh token that is good; presenting an older one means
-- that a token was stolen, and ends the session.
CREATE TABLE sessions (
  session_id  uuid PRIMARY KEY,
  clinic_id   uuid NOT NULL,
  user_id     uuid NOT NULL,
  refresh_jti text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz NOT NULL,
  revoked_at  timestamptz,
  FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, user_id)
);
CREATE INDEX sessions_clinic_user ON sessions (clinic_id, user_id);
CALL guard_by_clinic('sessions');

GRANT SELECT ON users TO praxis_lookup;
GRANT SELECT, INSERT, UPDATE ON sessions TO praxis_lookup;

-- The one question that may be asked across clinics: whose e-mail is this?
CREATE FUNCTION login_lookup(wanted_email text)
RETURNS TABLE (user_id uuid, clinic_id uuid, role text, email text, password_hash text,
               first_name text, last_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  RETURN QUERY
    SELECT u.user_id, u.clinic_id, u.role, u.email, u.password_hash, u.first_name, u.last_name
    FROM users u WHERE u.email = lower(wanted_email) AND u.active;
END
$$;

CREATE FUNCTION session_create(new_session uuid, for_user uuid, new_jti text, lifetime_seconds int)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  INSERT INTO sessions (session_id, clinic_id, user_id, refresh_jti, expires_at)
  SELECT new_session, u.clinic_id, u.user_id, new_jti, now() + make_interval(secs => lifetime_seconds)
  FROM users u WHERE u.user_id = for_user AND u.active;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such active user' USING ERRCODE = 'foreign_key_violation';
  END IF;
END
$$;

-- outcome: rotated | reused (the session is revoked now) | revoked | expired | unknown. The user's
-- columns are NULL unless rotated.
CREATE FUNCTION session_rotate(of_session uuid, presented_jti text, new_jti text,
                               lifetime_seconds int)
RETURNS TABLE (outcome text, user_id uuid, clinic_id uuid, role text, email text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  found_session sessions%ROWTYPE;
BEGIN
  SELECT * INTO found_session FROM sessions WHERE session_id = of_session FOR UPDATE;
  outcome := CASE
    WHEN found_session.session_id IS NULL THEN 'unknown'
    WHEN found_session.revoked_at IS NOT NULL THEN 'revoked'
    WHEN found_session.expires_at <= now() THEN 'expired'
    WHEN found_session.refresh_jti <> presented_jti THEN 'reused'
    ELSE 'rotated' END;
  IF outcome = 'reused' THEN
    UPDATE sessions SET revoked_at = now() WHERE session_id = of_session;
  ELSIF outcome = 'rotated' THEN
    SELECT u.user_id, u.clinic_id, u.role, u.email INTO user_id, clinic_id, role, email
    FROM users u WHERE u.user_id = found_session.user_id AND u.active;
    IF NOT FOUND THEN
      outcome := 'revoked';
    ELSE
      UPDATE sessions SET refresh_jti = new_jti,
                          expires_at = now() + make_interval(secs => lifetime_seconds)
      WHERE session_id = of_session;
    END IF;
  END IF;
  RETURN NEXT;
END
$$;

-- True when a live session was ended.
CREATE FUNCTION session_revoke(of_session uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  UPDATE sessions SET revoked_at = now() WHERE session_id = of_session AND revoked_at IS NULL;
  RETURN FOUND;
END
$$;

ALTER FUNCTION login_lookup(text) OWNER TO praxis_lookup;
ALTER FUNCTION session_create(uuid, uuid, text, int) OWNER TO praxis_lookup;
ALTER FUNCTION session_rotate(uuid, text, text, int) OWNER TO praxis_lookup;
ALTER FUNCTION session_revoke(uuid) OWNER TO praxis_lookup;
REVOKE EXECUTE ON FUNCTION login_lookup(text), session_create(uuid, uuid, text, int),
  session_rotate(uuid, text, text, int), session_revoke(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION login_lookup(text), session_create(uuid, uuid, text, int),
  session_rotate(uuid, text, text, int), session_revoke(uuid) TO praxis_app;
