#include "server/ehr/record_store.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "server/audit/context_entry.h"
#include "server/postgres/database.h"
#include "server/postgres/row_json.h"
#include "server/postgres/sql_status.h"

namespace server {
namespace {

// All parts of a record in one statement: the part's number, then up to seven columns of text.
constexpr Statement kRecord{
    "ehr_record",
    "SELECT 0, p.user_id::text, u.first_name, u.last_name, p.date_of_birth::text, p.gender, "
    "       NULL, NULL "
    "  FROM patients p JOIN users u USING (user_id) WHERE p.user_id = $1::uuid "
    "UNION ALL (SELECT 1, history_id::text, condition, notes, date::text, NULL, NULL, NULL "
    "  FROM medical_history WHERE patient_id = $1::uuid ORDER BY date DESC, history_id) "
    "UNION ALL (SELECT 2, allergy_id::text, allergen, severity, reaction, diagnosed_date::text, "
    "    NULL, NULL "
    "  FROM allergies WHERE patient_id = $1::uuid ORDER BY allergen, allergy_id) "
    "UNION ALL (SELECT 3, medication_id::text, name, dosage, frequency, start_date::text, "
    "    end_date::text, prescribed_by "
    "  FROM medications WHERE patient_id = $1::uuid ORDER BY start_date DESC, medication_id) "
    "UNION ALL (SELECT 4, report_id::text, test_name, result, unit, normal_range, date::text, NULL "
    "  FROM lab_reports WHERE patient_id = $1::uuid ORDER BY date DESC, report_id) "
    "UNION ALL (SELECT 5, immunization_id::text, vaccine_name, date_administered::text, "
    "    next_due_date::text, NULL, NULL, NULL "
    "  FROM immunizations WHERE patient_id = $1::uuid "
    "  ORDER BY date_administered DESC, immunization_id) "
    // The latest only: vitals grow without bound.
    "UNION ALL (SELECT 6, vital_id::text, type, value, "
    "    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
    "    NULL, NULL, NULL "
    "  FROM vitals WHERE patient_id = $1::uuid ORDER BY recorded_at DESC, vital_id LIMIT 50)"};

// The names of each part's columns; part 0 is the person.
struct Part {
  std::string_view name;
  std::vector<std::string_view> fields;
};
const std::vector<Part>& Parts() {
  static const std::vector<Part> parts = {
      {"", {"userId", "firstName", "lastName", "dateOfBirth", "gender"}},
      {"medicalHistory", {"id", "condition", "notes", "date"}},
      {"allergies", {"id", "allergen", "severity", "reaction", "diagnosedDate"}},
      {"medications",
       {"id", "name", "dosage", "frequency", "startDate", "endDate", "prescribedBy"}},
      {"labReports", {"id", "testName", "result", "unit", "normalRange", "date"}},
      {"immunizations", {"id", "vaccineName", "dateAdministered", "nextDueDate"}},
      {"vitals", {"id", "type", "value", "recordedAt"}}};
  return parts;
}

// "" when the person is not among the rows.
std::string RecordJson(const Rows& rows) {
  const std::vector<Part>& parts = Parts();
  std::vector<boost::json::array> lists(parts.size());
  for (int row = 0; row < rows.size(); ++row) {
    const auto part = static_cast<size_t>(rows.Integer(row, 0));
    lists.at(part).push_back(RowJson(rows, row, 1, parts.at(part).fields));
  }
  if (lists[0].empty()) return "";
  boost::json::object record = std::move(lists[0][0].as_object());
  for (size_t part = 1; part < parts.size(); ++part) {
    record.emplace(parts[part].name, std::move(lists[part]));
  }
  return boost::json::serialize(record);
}

constexpr Statement kAddVital{
    "ehr_add_vital",
    "WITH added AS ("
    "  INSERT INTO vitals (clinic_id, patient_id, type, value, recorded_at, recorded_by) "
    "  VALUES ($1::uuid, $2::uuid, $3, $4, coalesce($5::timestamptz, now()), $6::uuid) "
    "  RETURNING vital_id, recorded_at) "
    "SELECT vital_id, "
    "       to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
    "       audit_write($1::uuid, $6::uuid, $7, $8, 'vital/' || vital_id::text, $2::uuid, $9, "
    "                   'allowed') FROM added"};

}  // namespace

base::Task<absl::StatusOr<std::string>> LoadRecord(RequestContext& context,
                                                   std::string patient_id) {
  Segment segment = Segment::Read(context.principal.clinic_id);
  segment.Add(kRecord, {std::move(patient_id)});
  const auto result =
      co_await context.services.database->Run(std::move(segment), context.deadline, &context.cost);
  if (!result.ok()) co_return UnexpectedSql(result.status());
  std::string record = RecordJson(result->at(0));
  if (record.empty()) co_return absl::NotFoundError("no such patient in this clinic");
  co_return record;
}

base::Task<absl::StatusOr<StoredVital>> AddVital(RequestContext& context, NewVital vital) {
  const AuditEntry entry = WriteEntry(context, "vital", vital.patient_id);
  Segment segment = Segment::Write(context.principal.clinic_id);
  segment.Add(kAddVital,
              {context.principal.clinic_id, std::move(vital.patient_id), std::move(vital.type),
               std::move(vital.value), std::move(vital.recorded_at), entry.actor_id,
               entry.actor_role, entry.action, entry.request_id});
  const auto result =
      co_await context.services.database->Run(std::move(segment), context.deadline, &context.cost);
  if (!result.ok()) {
    if (ViolatedConstraint(result.status()) == "vitals_patient_fk") {
      co_return absl::NotFoundError("no such patient in this clinic");
    }
    co_return UnexpectedSql(result.status());
  }
  ++context.cost.audit_rows;
  StoredVital stored;
  stored.id = result->at(0).Text(0, 0);
  stored.recorded_at = result->at(0).Text(0, 1);
  co_return stored;
}

}  // namespace server
