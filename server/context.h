#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/task.h"
#include "server/cost/request_cost.h"
#include "server/http/request.h"
#include "server/http/response.h"
#include "server/routes/route_table.h"

// RequestContext: all that a handler may see. Built by the dispatcher after the request passed
// authentication (401), the route's permission (403) and the clinic rule; alive until the response
// is handed to the session. One thread.
//
//   base::Task<Response> CancelAppointment(RequestContext& context);

namespace server {

class AccessTokenVerifier;
class AuditLog;
class BlockingPool;
class Database;
class RecordCache;
class SessionService;

// What a worker has; one per worker process, outlives every request. A pointer is null only in
// tests that do not need it.
struct Services {
  Database* database = nullptr;
  RecordCache* cache = nullptr;
  AuditLog* audit = nullptr;
  BlockingPool* blocking_pool = nullptr;
  SessionService* sessions = nullptr;
};

// Who asks, from the verified token. For public routes all fields are empty.
struct Principal {
  std::string user_id;  // UUID
  Role role = Role::kPatient;
  // The clinic this request works in: the token's, or for SUPER_ADMIN the one named by X-Clinic-ID.
  // Empty only for SUPER_ADMIN without that header on routes that need no clinic.
  std::string clinic_id;
  std::string email;
  std::string session_id;
  int64_t token_expires_at = 0;  // seconds since 1970
};

// Whose data a PHI read showed: filled by the handler, written by the dispatcher's audit.
struct AuditSubject {
  std::vector<std::string> patient_ids;  // bounded by the route's page size
  std::string resource_type;             // "appointment", "health_record"
  std::string resource_id;               // empty for lists
};

struct RequestContext {
  const Route& route;
  const Request& request;
  const Services& services;
  Principal principal;
  PathParams params;
  std::string request_id;  // checked or generated: safe in headers and logs
  // Give it to every call that can wait; a call past it answers DeadlineExceeded.
  std::chrono::steady_clock::time_point deadline;
  RequestCost cost;
  AuditSubject audit_subject;
  std::optional<boost::json::object> parsed_body = std::nullopt;  // filled by JsonBody

  // The body as a JSON object, parsed on first use. 400 (with the offset) when it is not one. The
  // pointer lives as long as the context.
  absl::StatusOr<const boost::json::object*> JsonBody();
  // Percent-decoded query parameter; nullopt when absent. The first one wins.
  std::optional<std::string> Query(std::string_view name) const;
};

using Handler = base::Task<Response> (*)(RequestContext&);

}  // namespace server
