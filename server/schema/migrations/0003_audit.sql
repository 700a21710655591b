-- Who did what to whose data. Append-only: nobody is granted UPDATE or DELETE, and the server may not
-- even INSERT but through the two functions below.
CREATE TABLE audit_log (
  writer     uuid NOT NULL,
  sequence   bigint NOT NULL CHECK (sequence > 0),
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  clinic_id  uuid,
  actor_id   uuid,
  actor_role text NOT NULL,
  action     text NOT NULL,
  resource   text NOT NULL,
  subject_id uuid,
  request_id text NOT NULL,
  outcome    text NOT NULL,
  PRIMARY KEY (writer, sequence)
);
CREATE INDEX audit_log_clinic_at ON audit_log (clinic_id, at);

-- The last number of each writer, so that records cut off at a stream's end are missed too.
CREATE TABLE audit_streams (
  writer        uuid PRIMARY KEY,
  kind          text NOT NULL CHECK (kind IN ('reads', 'writes')),
  last_sequence bigint NOT NULL,
  started_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);  -- updated in place on each append

ALTER TABLE audit_log OWNER TO praxis_owner;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
-- A batch holds rows of many clinics.
CREATE POLICY append ON audit_log FOR INSERT WITH CHECK (true);
CREATE POLICY one_clinic ON audit_log FOR SELECT USING (clinic_id = current_clinic());
CREATE POLICY verify ON audit_log FOR SELECT TO praxis_audit USING (true);
ALTER TABLE audit_streams OWNER TO praxis_owner;
GRANT SELECT ON audit_log TO praxis_app;
GRANT SELECT, INSERT ON audit_log TO praxis_audit;
GRANT SELECT, INSERT, UPDATE ON audit_streams TO praxis_audit;

-- A batch of reads. Numbers come from the writer; sending a batch again changes nothing.
CREATE FUNCTION audit_append(by_writer uuid, sequences bigint[], clinics uuid[], actors uuid[],
                             roles text[], actions text[], resources text[], subjects uuid[],
                             requests text[], outcomes text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  INSERT INTO audit_log (writer, sequence, clinic_id, actor_id, actor_role, action, resource,
                         subject_id, request_id, outcome)
  SELECT by_writer, e.* FROM unnest(sequences, clinics, actors, roles, actions, resources, subjects,
                                    requests, outcomes) AS e
  ON CONFLICT DO NOTHING;
  INSERT INTO audit_streams (writer, kind, last_sequence)
  VALUES (by_writer, 'reads', sequences[array_upper(sequences, 1)])
  ON CONFLICT (writer) DO UPDATE
    SET last_sequence = greatest(audit_streams.last_sequence, excluded.last_sequence);
END
$$;

-- The record of a change, inside the change's transaction. One stream per database connection: only
-- this backend takes numbers from it, so nobody waits, and a rollback gives the number back.
CREATE FUNCTION audit_write(in_clinic uuid, by_actor uuid, as_role text, did text, on_resource text,
                            about_subject uuid, for_request text, with_outcome text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
  stream constant uuid := md5(extract(epoch FROM pg_postmaster_start_time())::text || '/' ||
                              pg_backend_pid()::text)::uuid;
  number bigint;
BEGIN
  INSERT INTO audit_streams (writer, kind, last_sequence) VALUES (stream, 'writes', 1)
  ON CONFLICT (writer) DO UPDATE SET last_sequence = audit_streams.last_sequence + 1
  RETURNING last_sequence INTO number;
  INSERT INTO audit_log (writer, sequence, clinic_id, actor_id, actor_role, action, resource,
                         subject_id, request_id, outcome)
  VALUES (stream, number, in_clinic, by_actor, as_role, did, on_resource, about_subject, for_request,
          with_outcome);
  RETURN number;
END
$$;

-- Numbers that were given out and have no row. None means that nothing was removed.
CREATE FUNCTION audit_gaps()
RETURNS TABLE (gap_writer uuid, first_missing bigint, last_missing bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
  SELECT writer, before + 1, sequence - 1
  FROM (SELECT writer, sequence,
               lag(sequence, 1, 0::bigint) OVER (PARTITION BY writer ORDER BY sequence) AS before
        FROM audit_log) AS ordered
  WHERE sequence > before + 1
  UNION ALL
  SELECT s.writer, kept.last + 1, s.last_sequence
  FROM audit_streams s,
       LATERAL (SELECT coalesce(max(sequence), 0) AS last FROM audit_log l
                WHERE l.writer = s.writer) AS kept
  WHERE s.last_sequence > kept.last
  ORDER BY 1, 2
$$;

ALTER FUNCTION audit_append(uuid, bigint[], uuid[], uuid[], text[], text[], text[], uuid[], text[],
                            text[]) OWNER TO praxis_audit;
ALTER FUNCTION audit_write(uuid, uuid, text, text, text, uuid, text, text) OWNER TO praxis_audit;
ALTER FUNCTION audit_gaps() OWNER TO praxis_audit;
REVOKE EXECUTE ON FUNCTION
  audit_append(uuid, bigint[], uuid[], uuid[], text[], text[], text[], uuid[], text[], text[]),
  audit_write(uuid, uuid, text, text, text, uuid, text, text), audit_gaps() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  audit_append(uuid, bigint[], uuid[], uuid[], text[], text[], text[], uuid[], text[], text[]),
  audit_write(uuid, uuid, text, text, text, uuid, text, text) TO praxis_app;
