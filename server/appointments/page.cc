#include "server/appointments/page.h"

#include <algorithm>
#include <array>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/fields.h"

namespace server {
namespace {

constexpr std::array<std::string_view, 7> kStatuses = {
    "SCHEDULED", "CONFIRMED", "CHECKED_IN", "IN_PROGRESS", "COMPLETED", "CANCELLED", "NO_SHOW"};
// Far pages are read row by row: a client that wants them narrows its filters.
constexpr int kLastPage = 10000;

absl::Status ReadNumber(const RequestContext& context, std::string_view name, int highest,
                        int* number) {
  const std::optional<std::string> text = context.Query(name);
  if (!text.has_value()) return absl::OkStatus();
  if (!absl::SimpleAtoi(*text, number) || *number < 1 || *number > highest) {
    return FieldError(name, absl::StrCat(std::string(name), " must be 1 to ", highest));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ListQuery> ReadListQuery(const RequestContext& context) {
  ListQuery query;
  query.doctor_id = context.Query("doctorId");
  query.status = context.Query("status");
  query.date = context.Query("date");
  if (query.doctor_id.has_value() && !IsUuid(*query.doctor_id)) {
    return FieldError("doctorId", "doctorId must be a lower-case UUID");
  }
  if (query.status.has_value() &&
      std::find(kStatuses.begin(), kStatuses.end(), *query.status) == kStatuses.end()) {
    return FieldError("status",
                      "status must be one of SCHEDULED, CONFIRMED, CHECKED_IN, "
                      "IN_PROGRESS, COMPLETED, CANCELLED, NO_SHOW");
  }
  if (query.date.has_value() && !IsDate(*query.date)) {
    return FieldError("date", "date must be YYYY-MM-DD");
  }
  absl::Status status = ReadNumber(context, "page", kLastPage, &query.page);
  status.Update(ReadNumber(context, "limit", 100, &query.limit));
  if (!status.ok()) return status;
  return query;
}

std::string PageJson(std::string_view documents, const ListQuery& query, int64_t total) {
  const int64_t pages = (total + query.limit - 1) / query.limit;
  return absl::StrCat("{\"appointments\":", absl::string_view(documents.data(), documents.size()),
                      ",\"pagination\":{\"page\":", query.page, ",\"limit\":", query.limit,
                      ",\"total\":", total, ",\"totalPages\":", pages, "}}");
}

}  // namespace server
