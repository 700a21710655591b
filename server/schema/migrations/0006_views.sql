-- How rows look outside, said once. security_invoker: the reader's own policies apply, not the
-- owner's.
CREATE VIEW appointment_documents WITH (security_invoker = true) AS
SELECT appointment_id, clinic_id, doctor_id, patient_id, slot_start, status,
       json_build_object(
         'id', appointment_id, 'clinicId', clinic_id, 'patientId', patient_id,
         'doctorId', doctor_id, 'date', to_char(slot_start, 'YYYY-MM-DD'),
         'time', to_char(slot_start, 'HH24:MI'), 'type', type, 'status', status, 'notes', notes,
         'createdAt', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
       ) AS document
FROM appointments;
GRANT SELECT ON appointment_documents TO praxis_app;

CREATE VIEW record_documents WITH (security_invoker = true) AS
SELECT p.user_id, p.clinic_id,
  json_build_object(
    'userId', p.user_id, 'firstName', u.first_name, 'lastName', u.last_name,
    'dateOfBirth', p.date_of_birth, 'gender', p.gender,
    'medicalHistory', (
      SELECT coalesce(json_agg(json_build_object('id', history_id, 'condition', condition,
               'notes', notes, 'date', date) ORDER BY date DESC, history_id), '[]')
      FROM medical_history h WHERE h.clinic_id = p.clinic_id AND h.patient_id = p.user_id),
    'allergies', (
      SELECT coalesce(json_agg(json_build_object('id', allergy_id, 'allergen', allergen,
               'severity', severity, 'reaction', reaction, 'diagnosedDate', diagnosed_date)
               ORDER BY allergen, allergy_id), '[]')
      FROM allergies a WHERE a.clinic_id = p.clinic_id AND a.patient_id = p.user_id),
    'medications', (
      SELECT coalesce(json_agg(json_build_object('id', medication_id, 'name', name,
               'dosage', dosage, 'frequency', frequency, 'startDate', start_date,
               'endDate', end_date, 'prescribedBy', prescribed_by)
               ORDER BY start_date DESC, medication_id), '[]')
      FROM medications m WHERE m.clinic_id = p.clinic_id AND m.patient_id = p.user_id),
    'labReports', (
      SELECT coalesce(json_agg(json_build_object('id', report_id, 'testName', test_name,
               'result', result, 'unit', unit, 'normalRange', normal_range, 'date', date)
               ORDER BY date DESC, report_id), '[]')
      FROM lab_reports l WHERE l.clinic_id = p.clinic_id AND l.patient_id = p.user_id),
    'immunizations', (
      SELECT coalesce(json_agg(json_build_object('id', immunization_id,
               'vaccineName', vaccine_name, 'dateAdministered', date_administered,
               'nextDueDate', next_due_date) ORDER BY date_administered DESC, immunization_id), '[]')
      FROM immunizations i WHERE i.clinic_id = p.clinic_id AND i.patient_id = p.user_id),
    -- The latest 50 only: vitals grow without bound.
    'vitals', (
      SELECT coalesce(json_agg(json_build_object('id', vital_id, 'type', type, 'value', value,
               'recordedAt', to_char(recorded_at AT TIME ZONE 'UTC',
                                     'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
               ORDER BY recorded_at DESC, vital_id), '[]')
      FROM (SELECT * FROM vitals v WHERE v.clinic_id = p.clinic_id AND v.patient_id = p.user_id
            ORDER BY recorded_at DESC, vital_id LIMIT 50) AS latest)
  ) AS document
FROM patients p JOIN users u ON u.user_id = p.user_id;
GRANT SELECT ON record_documents TO praxis_app;
