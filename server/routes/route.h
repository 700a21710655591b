#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/http/request.h"
#include "server/routes/role.h"

// Route: everything the server knows about one operation, in one line of route_table.cc.
//
// Permissions, metrics labels, limits and the audit of PHI all come from here; a handler cannot
// forget them because it never sees a request that the route did not allow.

namespace server {

struct Route {
  std::string_view operation;  // metrics label, scenario key, audit action: "appointments.create"
  Method method;
  std::string_view path;        // template: "/api/v1/appointments/:id"; ":x" matches one segment
  std::string_view permission;  // "resource:action"; empty: no token needed
  RoleSet roles;                // who holds the permission; empty exactly when permission is
  // Reads PHI: a 2xx answer leaves only after its audit row is durable. Writes of PHI put their row
  // into their own transaction (the handler's part), so the dispatcher audits only reads.
  bool phi;
  bool needs_clinic;          // the handler works inside one clinic: 400 when none is known
  bool cacheable;             // its data may come from the record cache
  uint32_t body_limit_bytes;  // above: 413
  uint32_t deadline_ms;       // from the request's first byte to the response: above: 503
};

}  // namespace server
