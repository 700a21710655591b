#include "server/appointments/appointment_store.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/appointments/appointment_row.h"
#include "server/audit/audit_log.h"
#include "server/audit/context_entry.h"
#include "server/postgres/database.h"
#include "server/postgres/sql_status.h"

namespace server {
namespace {

// The list of live statuses is that of the index appointments_one_per_slot: it must match.
constexpr Statement kTaken{
    "appointments_taken",
    "SELECT (SELECT string_agg(to_char(slot_start, 'HH24:MI'), ',') FROM appointments a "
    "        WHERE a.doctor_id = d.user_id AND slot_start >= $2::date AND slot_start < $2::date + "
    "1 "
    "        AND status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS')) "
    "FROM doctors d WHERE d.user_id = $1::uuid"};

constexpr Statement kBook{
    "appointments_book",
    "WITH booked AS ("
    "  INSERT INTO appointments (clinic_id, doctor_id, patient_id, slot_start, type, notes, "
    "                            created_by) "
    "  VALUES ($1::uuid, $3::uuid, $2::uuid, $4::date + $5::time, $6, $7, $8::uuid) "
    "  ON CONFLICT (doctor_id, slot_start) "
    "    WHERE status IN ('SCHEDULED', 'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS') DO NOTHING "
    "  RETURNING appointment_id) "
    "SELECT appointment_id, audit_write($1::uuid, $8::uuid, $9, $10, "
    "         'appointment/' || appointment_id::text, $2::uuid, $11, 'allowed') FROM booked"};

constexpr Statement kFind{"appointments_find", "SELECT " PRAXIS_APPOINTMENT_COLUMNS
                                               " FROM appointments WHERE appointment_id = $1::uuid "
                                               "AND ($2::uuid IS NULL OR patient_id = $2::uuid)"};

constexpr Statement kCancel{
    "appointments_cancel",
    "WITH cancelled AS ("
    "  UPDATE appointments SET status = 'CANCELLED', updated_at = now() "
    "  WHERE appointment_id = $1::uuid AND status IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS') "
    "  RETURNING appointment_id) "
    "SELECT audit_write($2::uuid, $3::uuid, $4, $5, $6, $7::uuid, $8, $9) FROM cancelled"};

// The statements differ in the column that leads the index. Under row-level security only leakproof
// comparisons reach an index: timestamp with timestamp is one, with date or coalesce() is not.
#define PRAXIS_LIST(owner)                                                              \
  "SELECT " PRAXIS_APPOINTMENT_COLUMNS                                                  \
  ", count(*) OVER () FROM appointments "                                               \
  "WHERE " owner                                                                        \
  " AND slot_start >= $2::timestamp AND slot_start < $3::timestamp + interval '1 day' " \
  "AND ($4::text IS NULL OR status = $4) "                                              \
  "ORDER BY slot_start, appointment_id LIMIT $5 OFFSET $6"

constexpr Statement kListClinic{"appointments_list_clinic", PRAXIS_LIST("$1::uuid IS NULL")};
constexpr Statement kListDoctor{"appointments_list_doctor", PRAXIS_LIST("doctor_id = $1::uuid")};
constexpr Statement kListPatient{"appointments_list_patient", PRAXIS_LIST("patient_id = $1::uuid")};
#undef PRAXIS_LIST

// The ids of a segment that names what this clinic does not have.
absl::Status BookingError(const absl::Status& status) {
  const std::string constraint = ViolatedConstraint(status);
  if (constraint == "appointments_doctor_fk") {
    return absl::NotFoundError("no such doctor in this clinic");
  }
  if (constraint == "appointments_patient_fk") {
    return absl::NotFoundError("no such patient in this clinic");
  }
  return UnexpectedSql(status);
}

base::Task<absl::StatusOr<SegmentResult>> RunSegment(RequestContext& context, Segment segment) {
  return context.services.database->Run(std::move(segment), context.deadline, &context.cost);
}

std::vector<std::string> SplitList(std::string_view list) {
  return absl::StrSplit(absl::string_view(list.data(), list.size()), ',', absl::SkipEmpty());
}

}  // namespace

base::Task<absl::StatusOr<std::vector<std::string>>> TakenSlots(RequestContext& context,
                                                                std::string doctor_id,
                                                                std::string date) {
  Segment segment = Segment::Read(context.principal.clinic_id);
  segment.Add(kTaken, {std::move(doctor_id), std::move(date)});
  const auto result = co_await RunSegment(context, std::move(segment));
  if (!result.ok()) co_return UnexpectedSql(result.status());
  if (result->at(0).size() == 0) co_return absl::NotFoundError("no such doctor in this clinic");
  co_return SplitList(result->at(0).Text(0, 0));
}

base::Task<absl::StatusOr<std::string>> Book(RequestContext& context, NewAppointment wanted) {
  const AuditEntry entry = WriteEntry(context, "appointment", wanted.patient_id);
  Segment segment = Segment::Write(context.principal.clinic_id);
  segment.Add(kBook, {context.principal.clinic_id, std::move(wanted.patient_id),
                      std::move(wanted.doctor_id), std::move(wanted.date), std::move(wanted.time),
                      std::move(wanted.type), std::move(wanted.notes), entry.actor_id,
                      entry.actor_role, entry.action, entry.request_id});
  const auto result = co_await RunSegment(context, std::move(segment));
  if (!result.ok()) co_return BookingError(result.status());
  if (result->at(0).size() == 0) {
    co_return absl::AlreadyExistsError("this time is taken");
  }
  ++context.cost.audit_rows;
  co_return std::string(result->at(0).Text(0, 0));
}

base::Task<absl::StatusOr<AppointmentRow>> FindAppointment(
    RequestContext& context, std::string id, std::optional<std::string> only_patient) {
  Segment segment = Segment::Read(context.principal.clinic_id);
  segment.Add(kFind, {std::move(id), std::move(only_patient)});
  const auto result = co_await RunSegment(context, std::move(segment));
  if (!result.ok()) co_return UnexpectedSql(result.status());
  const Rows& rows = result->at(0);
  if (rows.size() == 0) co_return absl::NotFoundError("no such appointment");
  AppointmentRow row;
  row.doctor_id = rows.Text(0, kDoctorColumn);
  row.patient_id = rows.Text(0, kPatientColumn);
  row.date = rows.Text(0, kDateColumn);
  row.document = boost::json::serialize(AppointmentJson(rows, 0));
  co_return row;
}

base::Task<absl::Status> Cancel(RequestContext& context, std::string id, std::string patient_id) {
  const AuditEntry entry =
      WriteEntry(context, absl::StrCat("appointment/", id), std::move(patient_id));
  std::vector<Segment::Parameter> parameters = AuditLog::Parameters(entry);
  parameters.insert(parameters.begin(), std::move(id));
  Segment segment = Segment::Write(context.principal.clinic_id);
  segment.Add(kCancel, std::move(parameters));
  const auto result = co_await RunSegment(context, std::move(segment));
  if (!result.ok()) co_return UnexpectedSql(result.status());
  if (result->at(0).size() == 0) {
    co_return absl::AlreadyExistsError("this appointment cannot be cancelled any more");
  }
  ++context.cost.audit_rows;
  co_return absl::OkStatus();
}

base::Task<absl::StatusOr<AppointmentPage>> ListAppointments(
    RequestContext& context, ListQuery query, std::optional<std::string> patient_id) {
  const Statement& statement = patient_id.has_value()        ? kListPatient
                               : query.doctor_id.has_value() ? kListDoctor
                                                             : kListClinic;
  Segment segment = Segment::Read(context.principal.clinic_id);
  std::optional<std::string> owner = patient_id.has_value() ? patient_id : query.doctor_id;
  std::string first_day = query.date.value_or("-infinity");
  std::string last_day = query.date.value_or("infinity");
  segment.Add(statement, {std::move(owner), std::move(first_day), std::move(last_day), query.status,
                          absl::StrCat(query.limit), absl::StrCat((query.page - 1) * query.limit)});
  const auto result = co_await RunSegment(context, std::move(segment));
  if (!result.ok()) co_return UnexpectedSql(result.status());
  const Rows& rows = result->at(0);
  AppointmentPage page;
  page.total = rows.size() > 0 ? rows.Integer(0, kAppointmentColumnCount) : 0;
  boost::json::array documents;
  absl::flat_hash_set<std::string> patients;
  for (int row = 0; row < rows.size(); ++row) {
    documents.push_back(AppointmentJson(rows, row));
    patients.insert(std::string(rows.Text(row, kPatientColumn)));
  }
  page.documents = boost::json::serialize(documents);
  page.patient_ids.assign(patients.begin(), patients.end());
  if (rows.size() == 0 && query.page > 1) {
    // Beyond the end: nothing there says how many there are. The first row does.
    query.page = query.limit = 1;
    const auto first = co_await ListAppointments(context, std::move(query), std::move(patient_id));
    if (!first.ok()) co_return first.status();
    page.total = first->total;
  }
  co_return page;
}

}  // namespace server
