#include "server/appointments/handlers.h"

#include <boost/json/value.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/cache_policy.h"
#include "server/appointments/appointment_store.h"
#include "server/appointments/page.h"
#include "server/appointments/slots.h"
#include "server/cache/record_cache.h"
#include "server/fields.h"

namespace server {
namespace {

constexpr std::chrono::seconds kAvailabilityTtl{model::kCachedAvailability.ttl_seconds};
constexpr size_t kLongestNotes = 1000;

CacheKey AvailabilityKey(const RequestContext& context, std::string_view doctor_id,
                         std::string_view date) {
  return {context.principal.clinic_id, "availability",
          absl::StrCat(std::string(doctor_id), "/", std::string(date))};
}

// Patients see their own appointments only.
std::optional<std::string> OnlyPatient(const RequestContext& context) {
  if (context.principal.role != Role::kPatient) return std::nullopt;
  return context.principal.user_id;
}

base::Task<absl::StatusOr<std::string>> LoadAvailability(RequestContext& context,
                                                         std::string doctor_id, std::string date) {
  const auto taken = co_await TakenSlots(context, doctor_id, date);
  if (!taken.ok()) co_return taken.status();
  co_return AvailabilityJson(doctor_id, date, *taken);
}

// Whether the write happened, or surely did not: then readers may use the cache again soon.
bool OutcomeKnown(const absl::Status& status) {
  return !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status);
}

// Books with the day's cached availability out of the way, before and after.
base::Task<absl::StatusOr<std::string>> BookUncached(RequestContext& context,
                                                     NewAppointment wanted) {
  const CacheKey key = AvailabilityKey(context, wanted.doctor_id, wanted.date);
  RecordCache& cache = *context.services.cache;
  co_await cache.Invalidate(key, context.deadline, &context.cost);
  const auto id = co_await Book(context, std::move(wanted));
  if (OutcomeKnown(id.status())) co_await cache.Committed(key, context.deadline, &context.cost);
  co_return id;
}

base::Task<Response> ListPage(RequestContext& context, ListQuery query,
                              std::optional<std::string> patient_id) {
  auto page = co_await ListAppointments(context, query, std::move(patient_id));
  if (!page.ok()) co_return ErrorResponse(page.status());
  context.audit_subject.resource_type = "appointment";
  context.audit_subject.patient_ids = std::move(page->patient_ids);
  co_return OkJson(PageJson(page->documents, query, page->total));
}

}  // namespace

base::Task<Response> HandleAvailability(RequestContext& context) {
  const std::string doctor_id(context.params.Get("doctorId"));
  const std::string date = context.Query("date").value_or("");
  if (!IsUuid(doctor_id)) {
    co_return ErrorResponse(FieldError("doctorId", "doctorId must be a lower-case UUID"));
  }
  if (!IsDate(date)) co_return ErrorResponse(FieldError("date", "date must be YYYY-MM-DD"));
  const CacheKey key = AvailabilityKey(context, doctor_id, date);
  auto load = [&] { return LoadAvailability(context, doctor_id, date); };
  auto data = co_await context.services.cache->Get(key, kAvailabilityTtl, context.deadline,
                                                   &context.cost, load);
  if (!data.ok()) co_return ErrorResponse(data.status());
  co_return OkJson(std::move(*data));
}

base::Task<Response> HandleCreateAppointment(RequestContext& context) {
  const auto body = context.JsonBody();
  if (!body.ok()) co_return ErrorResponse(body.status());
  FieldReader fields(**body);
  NewAppointment wanted;
  wanted.patient_id = fields.Uuid("patientId");
  wanted.doctor_id = fields.Uuid("doctorId");
  wanted.date = fields.Date("date");
  wanted.time = fields.Time("time");
  wanted.type = fields.OneOf("type", {"IN_PERSON", "VIDEO_CALL", "HOME_VISIT"});
  wanted.notes = fields.OptionalString("notes", kLongestNotes);
  if (!fields.Finish().ok()) co_return ErrorResponse(fields.status());
  if (!IsSlot(wanted.time)) {
    co_return ErrorResponse(
        FieldError("time", "time must be a half hour from 09:00 to 17:30, as HH:MM"));
  }
  if (const auto own = OnlyPatient(context); own.has_value() && *own != wanted.patient_id) {
    co_return ErrorResponse(absl::PermissionDeniedError("patients book for themselves only"));
  }
  const auto id = co_await BookUncached(context, wanted);
  if (!id.ok()) co_return ErrorResponse(id.status());
  const boost::json::value data = {{"id", *id},
                                   {"clinicId", context.principal.clinic_id},
                                   {"patientId", wanted.patient_id},
                                   {"doctorId", wanted.doctor_id},
                                   {"date", wanted.date},
                                   {"time", wanted.time},
                                   {"type", wanted.type},
                                   {"status", "SCHEDULED"}};
  co_return Created(data, "appointment booked");
}

base::Task<Response> HandleListAppointments(RequestContext& context) {
  const auto query = ReadListQuery(context);
  if (!query.ok()) co_return ErrorResponse(query.status());
  co_return co_await ListPage(context, *query, std::nullopt);
}

base::Task<Response> HandleMyAppointments(RequestContext& context) {
  auto query = ReadListQuery(context);
  if (!query.ok()) co_return ErrorResponse(query.status());
  if (query->doctor_id.has_value()) {
    co_return ErrorResponse(FieldError("doctorId", "doctorId is not a filter of this list"));
  }
  if (context.principal.role == Role::kDoctor) query->doctor_id = context.principal.user_id;
  co_return co_await ListPage(context, *query, OnlyPatient(context));
}

base::Task<Response> HandleGetAppointment(RequestContext& context) {
  const std::string id(context.params.Get("id"));
  if (!IsUuid(id)) co_return ErrorResponse(FieldError("id", "id must be a lower-case UUID"));
  auto found = co_await FindAppointment(context, id, OnlyPatient(context));
  if (!found.ok()) co_return ErrorResponse(found.status());
  context.audit_subject.resource_type = "appointment";
  context.audit_subject.resource_id = id;
  context.audit_subject.patient_ids.push_back(found->patient_id);
  co_return OkJson(std::move(found->document));
}

base::Task<Response> HandleCancelAppointment(RequestContext& context) {
  const std::string id(context.params.Get("id"));
  if (!IsUuid(id)) co_return ErrorResponse(FieldError("id", "id must be a lower-case UUID"));
  const auto found = co_await FindAppointment(context, id, OnlyPatient(context));
  if (!found.ok()) co_return ErrorResponse(found.status());
  const CacheKey key = AvailabilityKey(context, found->doctor_id, found->date);
  RecordCache& cache = *context.services.cache;
  co_await cache.Invalidate(key, context.deadline, &context.cost);
  const absl::Status cancelled = co_await Cancel(context, id, found->patient_id);
  if (OutcomeKnown(cancelled)) co_await cache.Committed(key, context.deadline, &context.cost);
  if (!cancelled.ok()) co_return ErrorResponse(cancelled);
  const boost::json::value data = {{"id", id}, {"status", "CANCELLED"}};
  co_return Ok(data, "appointment cancelled");
}

}  // namespace server
