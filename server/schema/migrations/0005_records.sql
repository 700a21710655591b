-- The parts of a patient's record. Each row belongs to a patient of the same clinic.
CREATE TABLE vitals (
  vital_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  clinic_id   uuid NOT NULL,
  patient_id  uuid NOT NULL,
  type        text NOT NULL,
  value       text NOT NULL CHECK (length(value) <= 100),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by uuid,
  CONSTRAINT vitals_patient_fk FOREIGN KEY (clinic_id, patient_id)
    REFERENCES patients (clinic_id, user_id)
);
CREATE INDEX vitals_clinic_patient ON vitals (clinic_id, patient_id, recorded_at DESC);
CALL guard_by_clinic('vitals');
GRANT SELECT, INSERT ON vitals TO praxis_app;

CREATE TABLE medical_history (
  history_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  clinic_id  uuid NOT NULL,
  patient_id uuid NOT NULL,
  condition  text NOT NULL,
  notes      text,
  date       date NOT NULL,
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, user_id)
);
CREATE INDEX medical_history_clinic_patient ON medical_history (clinic_id, patient_id, date DESC);
CALL guard_by_clinic('medical_history');
GRANT SELECT ON medical_history TO praxis_app;

CREATE TABLE allergies (
  allergy_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  clinic_id      uuid NOT NULL,
  patient_id     uuid NOT NULL,
  allergen       text NOT NULL,
  severity       text NOT NULL CHECK (severity IN ('MILD', 'MODERATE', 'SEVERE')),
  reaction       text NOT NULL,
  diagnosed_date date NOT NULL,
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, user_id)
);
CREATE INDEX allergies_clinic_patient ON allergies (clinic_id, patient_id);
CALL guard_by_clinic('allergies');
GRANT SELECT ON allergies TO praxis_app;

CREATE TABLE medications (
  medication_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  clinic_id     uuid NOT NULL,
  patient_id    uuid NOT NULL,
  name          text NOT NULL,
  dosage        text NOT NULL,
  frequency     text NOT NULL,
  start_date    date NOT NULL,
  end_date      date,
  prescribed_by text NOT NULL,
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, user_id)
);
CREATE INDEX medications_clinic_patient ON medications (clinic_id, patient_id, start_date DESC);
CALL guard_by_clinic('medications');
GRANT SELECT ON medications TO praxis_app;

CREATE TABLE lab_reports (
  report_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  clinic_id    uuid NOT NULL,
  patient_id   uuid NOT NULL,
  test_name    text NOT NULL,
  result       text NOT NULL,
  unit         text,
  normal_range text,
  date         date NOT NULL,
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, user_id)
);
CREATE INDEX lab_reports_clinic_patient ON lab_reports (clinic_id, patient_id, date DESC);
CALL guard_by_clinic('lab_reports');
GRANT SELECT ON lab_reports TO praxis_app;

CREATE TABLE immunizations (
  immunization_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  clinic_id         uuid NOT NULL,
  patient_id        uuid NOT NULL,
  vaccine_name      text NOT NULL,
  date_administered date NOT NULL,
  next_due_date     date,
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, user_id)
);
CREATE INDEX immunizations_clinic_patient ON immunizations (clinic_id, patient_id);
CALL guard_by_clinic('immunizations');
GRANT SELECT ON immunizations TO praxis_app;
