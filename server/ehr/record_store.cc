#include "server/ehr/record_store.h"

#include <utility>

#include "server/audit/context_entry.h"
#include "server/postgres/database.h"
#include "server/postgres/sql_status.h"

namespace server {
namespace {

constexpr Statement kRecord{"ehr_record",
                            "SELECT document FROM record_documents WHERE user_id = $1::uuid"};

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
  if (result->at(0).size() == 0) co_return absl::NotFoundError("no such patient in this clinic");
  co_return std::string(result->at(0).Text(0, 0));
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
