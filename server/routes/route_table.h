#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "server/routes/route.h"

// RouteTable: the one list of operations, and the matcher from (method, path) to one of them.
//
// Matching goes by segments; a literal segment is preferred to a parameter
// ("/appointments/my-appointments" before "/appointments/:id"). Paths are compared as sent (no
// percent-decoding, no trailing slash): parameters are UUIDs, which need neither.

namespace server {

// All routes; a route's index in here is its index everywhere (metrics, handlers).
std::span<const Route> Routes();
// Index of `operation` in Routes(), or -1.
int RouteIndex(std::string_view operation);

// Path parameters in template order; views into the request's path.
struct PathParams {
  static constexpr size_t kMax = 4;
  std::array<std::string_view, kMax> names;
  std::array<std::string_view, kMax> values;
  size_t count = 0;
  // Empty when there is no such parameter.
  std::string_view Get(std::string_view name) const;
};

struct RouteMatch {
  int route_index = -1;  // -1: no route; then `allowed` tells 405 from 404
  PathParams params;
  std::string allowed;  // "GET, POST": methods that this path does have; empty: 404
};

// Never throws. The common case (a route is found) does not allocate.
RouteMatch MatchRoute(Method method, std::string_view path);

}  // namespace server
