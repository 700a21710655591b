-- slot_start is the clinic's own wall clock. Not partitioned: the rule against double booking below
-- must hold over all rows.
CREATE TABLE appointments (
  appointment_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  clinic_id      uuid NOT NULL,
  doctor_id      uuid NOT NULL,
  patient_id     uuid NOT NULL,
  slot_start     timestamp NOT NULL,
  type           text NOT NULL CHECK (type IN ('IN_PERSON', 'VIDEO_CALL', 'HOME_VISIT')),
  status         text NOT NULL DEFAULT 'SCHEDULED'
                 CHECK (status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS',
                                   'COMPLETED', 'CANCELLED', 'NO_SHOW')),
  notes          text CHECK (length(notes) <= 1000),
  created_by     uuid,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT appointments_doctor_fk FOREIGN KEY (clinic_id, doctor_id)
    REFERENCES doctors (clinic_id, user_id),
  CONSTRAINT appointments_patient_fk FOREIGN KEY (clinic_id, patient_id)
    REFERENCES patients (clinic_id, user_id)
);
-- No double booking: a doctor has one live appointment per slot.
CREATE UNIQUE INDEX appointments_one_per_slot ON appointments (doctor_id, slot_start)
  WHERE status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS');
CREATE INDEX appointments_clinic_doctor ON appointments (clinic_id, doctor_id, slot_start);
CREATE INDEX appointments_clinic_patient ON appointments (clinic_id, patient_id, slot_start);
CREATE INDEX appointments_clinic_slot ON appointments (clinic_id, slot_start);
CALL guard_by_clinic('appointments');
GRANT SELECT, INSERT, UPDATE ON appointments TO praxis_app;
