#include "server/ehr/handlers.h"

#include <boost/json/value.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "model/cache_policy.h"
#include "server/cache/record_cache.h"
#include "server/ehr/record_store.h"
#include "server/fields.h"

namespace server {
namespace {

constexpr std::chrono::seconds kRecordTtl{model::kCachedRecord.ttl_seconds};
constexpr size_t kLongestValue = 100;
constexpr size_t kLongestTime = 40;

CacheKey RecordKey(const RequestContext& context, const std::string& patient_id) {
  return {context.principal.clinic_id, "record", patient_id};
}

bool OutcomeKnown(const absl::Status& status) {
  return !absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status);
}

}  // namespace

base::Task<Response> HandleComprehensiveRecord(RequestContext& context) {
  const std::string patient_id(context.params.Get("userId"));
  if (!IsUuid(patient_id)) {
    co_return ErrorResponse(FieldError("userId", "userId must be a lower-case UUID"));
  }
  if (context.principal.role == Role::kPatient && context.principal.user_id != patient_id) {
    co_return ErrorResponse(absl::PermissionDeniedError("patients read their own record only"));
  }
  const CacheKey key = RecordKey(context, patient_id);
  auto load = [&] { return LoadRecord(context, patient_id); };
  auto record =
      co_await context.services.cache->Get(key, kRecordTtl, context.deadline, &context.cost, load);
  if (!record.ok()) co_return ErrorResponse(record.status());
  context.audit_subject.resource_type = "health_record";
  context.audit_subject.resource_id = patient_id;
  context.audit_subject.patient_ids.push_back(patient_id);
  co_return OkJson(std::move(*record));
}

base::Task<Response> HandleAddVitals(RequestContext& context) {
  const auto body = context.JsonBody();
  if (!body.ok()) co_return ErrorResponse(body.status());
  FieldReader fields(**body);
  NewVital vital;
  vital.patient_id = fields.Uuid("userId");
  vital.type = fields.OneOf("type", {"BLOOD_PRESSURE", "HEART_RATE", "TEMPERATURE", "WEIGHT",
                                     "HEIGHT", "OXYGEN_SATURATION", "RESPIRATORY_RATE"});
  vital.value = fields.String("value", kLongestValue);
  vital.recorded_at = fields.OptionalString("recordedAt", kLongestTime);
  if (!fields.Finish().ok()) co_return ErrorResponse(fields.status());
  if (vital.recorded_at.has_value() && !IsTimestamp(*vital.recorded_at)) {
    co_return ErrorResponse(
        FieldError("recordedAt", "recordedAt must be like 2030-01-31T08:00:00Z"));
  }
  const CacheKey key = RecordKey(context, vital.patient_id);
  RecordCache& cache = *context.services.cache;
  co_await cache.Invalidate(key, context.deadline, &context.cost);
  const auto stored = co_await AddVital(context, vital);
  if (OutcomeKnown(stored.status())) {
    co_await cache.Committed(key, context.deadline, &context.cost);
  }
  if (!stored.ok()) co_return ErrorResponse(stored.status());
  const boost::json::value data = {{"id", stored->id},
                                   {"userId", vital.patient_id},
                                   {"type", vital.type},
                                   {"value", vital.value},
                                   {"recordedAt", stored->recorded_at}};
  co_return Created(data, "vital recorded");
}

}  // namespace server
