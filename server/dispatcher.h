#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/task.h"
#include "server/access_log.h"
#include "server/audit/audit_entry.h"
#include "server/auth/access_verifier.h"
#include "server/context.h"
#include "server/http/exchange.h"
#include "server/http/stamp.h"
#include "server/metrics/metrics.h"

// Dispatcher: from a parsed request to its answer, in this order and for every route alike:
//
//   1. route            404, or 405 with Allow
//   2. request id       X-Request-ID when it is 1..64 of [A-Za-z0-9._-], otherwise a new one
//   3. authentication   401; 503 when ended sessions are not known (auth/revocations.h)
//   4. permission       403 when the token's role is not in the route's roles
//   5. clinic           the token's, and only that; SUPER_ADMIN may name one by X-Clinic-ID; 400
//                       when the route needs one and a super admin named none
//   6. handler
//   7. audit            a 2xx answer of a route that reads PHI waits until its audit records are
//                       durable; if they cannot be, the answer is 503 and the PHI is dropped.
//                       Refusals (403) and misses (404) of a known user on a PHI route are recorded
//                       too, but nobody waits for those
//   8. metrics, access log
//
// Step 7 is here and not in the handlers, so that a new PHI route cannot forget it. Handlers name
// the patients whose data they show in RequestContext::audit_subject.
//
// One per worker; thread: the loop's.

namespace server {

class Dispatcher final : public RequestSink {
 public:
  // Answers at once, without token, coroutine or waiting: health and metrics.
  using LocalHandler = std::function<Response()>;
  // Resumes when the record of a read is durable (AuditLog::RecordRead).
  using ReadAudit = std::function<base::Task<absl::Status>(
      AuditEntry entry, std::chrono::steady_clock::time_point deadline, RequestCost* cost)>;

  // All borrowed; `log` and `verifier` may be null (nothing is logged; all tokens are refused).
  Dispatcher(const Services& services, Metrics& metrics, AccessVerifier* verifier, AccessLog* log,
             const base::Clock& clock, base::RandomStream random);

  void Bind(std::string_view operation, Handler handler);
  void BindLocal(std::string_view operation, LocalHandler handler);
  // Without it every route that reads PHI answers 503.
  void SetReadAudit(ReadAudit audit) { read_audit_ = std::move(audit); }
  // FailedPrecondition naming a route that nothing is bound to.
  absl::Status CheckComplete() const;

  void Handle(Exchange& exchange) override;
  void OnProtocolError(int status) override;

  // For RequestParser: what a body may have on this route.
  static uint32_t BodyLimit(Method method, std::string_view path);

 private:
  void HandleLocal(Exchange& exchange, int route);
  void HandleUnmatched(Exchange& exchange, const std::string& allowed);
  base::Task<> Serve(Exchange& exchange, RouteMatch match);
  base::Task<Response> Answer(RequestContext& context, int route);
  absl::Status Admit(RequestContext& context);
  base::Task<absl::Status> AuditRead(RequestContext& context);
  void AuditRefusal(const RequestContext& context, const Response& response);
  std::string RequestId(std::string_view sent);

  Services services_;
  Metrics& metrics_;
  AccessVerifier* verifier_;
  AccessLog* log_;
  const base::Clock& clock_;
  base::RandomStream random_;
  ReadAudit read_audit_;
  std::vector<Handler> handlers_;    // by route index
  std::vector<LocalHandler> local_;  // by route index
  Stamp stamp_;
};

}  // namespace server
