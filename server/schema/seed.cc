#include <sodium.h>

#include <array>
#include <pqxx/pqxx>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/schema/pqxx_status.h"
#include "server/schema/schema.h"

namespace server {
namespace {

using model::Catalogue;
using model::Entity;
using model::EntityKind;

// argon2id with 19 MiB and two passes, as the server verifies.
absl::StatusOr<std::string> HashOnce(const std::string& password) {
  constexpr unsigned long long kPasses = 2;
  constexpr size_t kBytes = size_t{19} * 1024 * 1024;
  char hash[crypto_pwhash_STRBYTES];
  if (sodium_init() < 0 || crypto_pwhash_str_alg(hash, password.data(), password.size(), kPasses,
                                                 kBytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError("seed: not enough memory to hash the password");
  }
  return std::string(hash);
}

void CopyClinics(pqxx::work& transaction, const Catalogue& catalogue) {
  transaction.exec(
      "CREATE TEMP TABLE new_clinics (clinic_id uuid, name text) ON COMMIT DROP;"
      "CREATE TEMP TABLE new_users (user_id uuid, clinic_id uuid, role text, email text, "
      "first_name text, last_name text, index bigint) ON COMMIT DROP;");
  pqxx::stream_to clinics(transaction, "new_clinics",
                          std::array<std::string, 2>{"clinic_id", "name"});
  for (uint64_t i = 0; i < catalogue.Count(EntityKind::kClinic); ++i) {
    const Entity clinic = catalogue.clinic(i);
    clinics << std::make_tuple(clinic.id, clinic.first_name);
  }
  clinics.complete();
}

void CopyUsers(pqxx::work& transaction, const Catalogue& catalogue) {
  pqxx::stream_to users(transaction, "new_users",
                        std::array<std::string, 7>{"user_id", "clinic_id", "role", "email",
                                                   "first_name", "last_name", "index"});
  for (EntityKind kind : {EntityKind::kDoctor, EntityKind::kPatient, EntityKind::kReceptionist,
                          EntityKind::kClinicAdmin}) {
    for (uint64_t i = 0; i < catalogue.Count(kind); ++i) {
      const Entity user = catalogue.Get(kind, i);
      users << std::make_tuple(user.id, user.clinic_id, std::string(user.role), user.email,
                               user.first_name, user.last_name, static_cast<int64_t>(i));
    }
  }
  users.complete();
}

// Leaves in new_users only those that were inserted.
constexpr char kInsertUsers[] = R"sql(
INSERT INTO clinics (clinic_id, name) SELECT clinic_id, name FROM new_clinics ON CONFLICT DO NOTHING;
DELETE FROM new_users n USING users u WHERE u.user_id = n.user_id;
INSERT INTO users (user_id, clinic_id, role, email, password_hash, first_name, last_name)
  SELECT user_id, clinic_id, role, email, $HASH, first_name, last_name FROM new_users;
INSERT INTO doctors (user_id, clinic_id, specialty)
  SELECT user_id, clinic_id,
         (ARRAY['General practice', 'Cardiology', 'Dermatology', 'Paediatrics', 'Orthopaedics'])
           [1 + index % 5]
  FROM new_users WHERE role = 'DOCTOR';
INSERT INTO patients (user_id, clinic_id, date_of_birth, gender, phone)
  SELECT user_id, clinic_id, date '1940-01-01' + ((index * 7919) % 28000)::int,
         (ARRAY['FEMALE', 'MALE'])[1 + index % 2], '+1555' || lpad((index % 10000000)::text, 7, '0')
  FROM new_users WHERE role = 'PATIENT';
ANALYZE clinics, users, doctors, patients;
)sql";

// A record of ordinary size for each new patient, the same on every machine but for the row ids.
constexpr char kInsertRecords[] = R"sql(
INSERT INTO medical_history (clinic_id, patient_id, condition, notes, date)
  SELECT clinic_id, user_id,
         (ARRAY['Hypertension', 'Type 2 diabetes', 'Asthma', 'Migraine', 'Back pain'])
           [1 + (index + n) % 5],
         'Follow-up in six months', date '2021-03-01' + (n * 211 + index % 97)::int
  FROM new_users, generate_series(1, 2) AS n WHERE role = 'PATIENT';
INSERT INTO allergies (clinic_id, patient_id, allergen, severity, reaction, diagnosed_date)
  SELECT clinic_id, user_id, (ARRAY['Penicillin', 'Peanuts', 'Latex', 'Pollen'])[1 + index % 4],
         (ARRAY['MILD', 'MODERATE', 'SEVERE'])[1 + index % 3], 'Rash',
         date '2019-05-01' + (index % 365)::int
  FROM new_users WHERE role = 'PATIENT' AND index % 3 = 0;
INSERT INTO medications (clinic_id, patient_id, name, dosage, frequency, start_date, prescribed_by)
  SELECT clinic_id, user_id, (ARRAY['Metformin', 'Lisinopril', 'Salbutamol', 'Ibuprofen'])
           [1 + (index + n) % 4],
         (100 * n)::text || ' mg', 'twice daily', date '2024-01-01' + (index % 200)::int,
         'Dr. ' || (ARRAY['Adler', 'Costa', 'Meyer', 'Weber'])[1 + index % 4]
  FROM new_users, generate_series(1, 2) AS n WHERE role = 'PATIENT';
INSERT INTO lab_reports (clinic_id, patient_id, test_name, result, unit, normal_range, date)
  SELECT clinic_id, user_id, (ARRAY['HbA1c', 'LDL cholesterol', 'Creatinine'])[n],
         round((4 + (index * 31 + n * 17) % 60 / 10.0)::numeric, 1)::text,
         (ARRAY['%', 'mmol/l', 'mg/dl'])[n], (ARRAY['4.0-5.6', '0.0-3.0', '0.6-1.2'])[n],
         date '2024-06-01' + (index % 300)::int
  FROM new_users, generate_series(1, 3) AS n WHERE role = 'PATIENT';
INSERT INTO immunizations (clinic_id, patient_id, vaccine_name, date_administered, next_due_date)
  SELECT clinic_id, user_id, (ARRAY['Influenza', 'Tetanus'])[1 + index % 2],
         date '2023-10-01' + (index % 60)::int, date '2024-10-01' + (index % 60)::int
  FROM new_users WHERE role = 'PATIENT';
INSERT INTO vitals (clinic_id, patient_id, type, value, recorded_at)
  SELECT clinic_id, user_id, (ARRAY['BLOOD_PRESSURE', 'HEART_RATE', 'TEMPERATURE', 'WEIGHT'])[n],
         (ARRAY[(110 + index % 40)::text || '/' || (70 + index % 20)::text,
                (60 + index % 40)::text, '36.' || (index % 10)::text, (50 + index % 50)::text])[n],
         timestamptz '2024-09-01 08:00+00' + make_interval(mins => (index % 10000)::int)
  FROM new_users, generate_series(1, 4) AS n WHERE role = 'PATIENT';
-- Two visits in the past for each patient, with a doctor of the clinic.
WITH numbered_doctors AS (
  SELECT user_id, clinic_id, row_number() OVER (PARTITION BY clinic_id ORDER BY user_id) - 1 AS k,
         count(*) OVER (PARTITION BY clinic_id) AS doctors
  FROM doctors)
INSERT INTO appointments (clinic_id, doctor_id, patient_id, slot_start, type, status)
  SELECT p.clinic_id, d.user_id, p.user_id,
         timestamp '2024-01-08 09:00' + make_interval(days => (p.index % 200 + 200 * n)::int,
                                                      mins => 30 * (p.index % 18)::int),
         'IN_PERSON', 'COMPLETED'
  FROM new_users p CROSS JOIN generate_series(0, 1) AS n
  JOIN numbered_doctors d ON d.clinic_id = p.clinic_id AND d.k = (p.index + n) % d.doctors
  WHERE p.role = 'PATIENT';
ANALYZE medical_history, allergies, medications, lab_reports, immunizations, vitals, appointments;
)sql";

}  // namespace

absl::Status Seed(const std::string& owner_url, const model::CatalogueSizes& sizes,
                  const std::string& password) {
  if (absl::Status status = Catalogue::Validate(sizes); !status.ok()) return status;
  absl::StatusOr<std::string> hash = HashOnce(password);
  if (!hash.ok()) return hash.status();
  try {
    pqxx::connection connection(owner_url);
    pqxx::work transaction(connection);
    transaction.exec("SELECT pg_advisory_xact_lock(hashtext('praxis seed'))");
    const Catalogue catalogue(sizes);
    CopyClinics(transaction, catalogue);
    CopyUsers(transaction, catalogue);
    std::string insert_users = kInsertUsers;
    constexpr std::string_view kPlace = "$HASH";
    insert_users.replace(insert_users.find(kPlace), kPlace.size(), transaction.quote(*hash));
    transaction.exec(insert_users);
    transaction.exec(kInsertRecords);
    transaction.commit();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return PqxxStatus("seed", error);
  }
}

}  // namespace server
