#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/context.h"

// The filters and the page that a list of appointments is asked for by query parameters.

namespace server {

struct ListQuery {
  std::optional<std::string> doctor_id;
  std::optional<std::string> status;
  std::optional<std::string> date;
  int page = 1;    // 1-based
  int limit = 10;  // 1..100
};

// doctorId, status, date, page, limit; InvalidArgument names the one that is wrong.
absl::StatusOr<ListQuery> ReadListQuery(const RequestContext& context);

// {"appointments":[...],"pagination":{"page","limit","total","totalPages"}}
std::string PageJson(std::string_view documents, const ListQuery& query, int64_t total);

}  // namespace server
