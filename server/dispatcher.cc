#include "server/dispatcher.h"

#include <glog/logging.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/cpu_account.h"
#include "server/fields.h"

namespace server {
namespace {

constexpr size_t kLongestRequestId = 64;
constexpr size_t kLongestResource = 64;
constexpr uint32_t kUnroutedBodyLimit = 16 * 1024;

bool IsRequestId(std::string_view text) {
  if (text.empty() || text.size() > kLongestRequestId) return false;
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    if (!good) return false;
  }
  return true;
}

bool Succeeded(const Response& response) { return response.status / 100 == 2; }

AuditEntry EntryFor(const RequestContext& context, std::string outcome) {
  const AuditSubject& subject = context.audit_subject;
  AuditEntry entry;
  entry.actor_id = context.principal.user_id;
  entry.actor_role = std::string(RoleName(context.principal.role));
  entry.action = std::string(context.route.operation);
  entry.resource = subject.resource_id.empty()
                       ? subject.resource_type
                       : absl::StrCat(subject.resource_type, "/", subject.resource_id);
  entry.clinic_id = context.principal.clinic_id;
  entry.request_id = context.request_id;
  entry.outcome = std::move(outcome);
  return entry;
}

// Waits for several tasks at once: their audit records then share one commit.
struct Join {
  size_t left;
  absl::Status status;
};

}  // namespace

Dispatcher::Dispatcher(const Services& services, Metrics& metrics, AccessVerifier* verifier,
                       AccessLog* log, const base::Clock& clock, base::RandomStream random)
    : services_(services),
      metrics_(metrics),
      verifier_(verifier),
      log_(log),
      clock_(clock),
      random_(random),
      handlers_(Routes().size()),
      local_(Routes().size()) {}

void Dispatcher::Bind(std::string_view operation, Handler handler) {
  const int index = RouteIndex(operation);
  CHECK_GE(index, 0) << "no route has the operation " << operation;
  handlers_[static_cast<size_t>(index)] = handler;
}

void Dispatcher::BindLocal(std::string_view operation, LocalHandler handler) {
  const int index = RouteIndex(operation);
  CHECK_GE(index, 0) << "no route has the operation " << operation;
  local_[static_cast<size_t>(index)] = std::move(handler);
}

absl::Status Dispatcher::CheckComplete() const {
  for (size_t i = 0; i < handlers_.size(); ++i) {
    if (handlers_[i] == nullptr && !local_[i]) {
      return absl::FailedPreconditionError(
          absl::StrCat("no handler for ", std::string(Routes()[i].operation)));
    }
  }
  return absl::OkStatus();
}

uint32_t Dispatcher::BodyLimit(Method method, std::string_view path) {
  const RouteMatch match = MatchRoute(method, path);
  if (match.route_index < 0) return kUnroutedBodyLimit;
  return Routes()[static_cast<size_t>(match.route_index)].body_limit_bytes;
}

std::string Dispatcher::RequestId(std::string_view sent) {
  if (IsRequestId(sent)) return std::string(sent);
  constexpr char kHex[] = "0123456789abcdef";
  uint64_t bits = random_.NextU64();
  std::string id(16, '0');
  for (char& c : id) {
    c = kHex[bits & 15];
    bits >>= 4;
  }
  return id;
}

void Dispatcher::OnProtocolError(int status) {
  base::CpuMeter::Claim(metrics_.account(metrics_.unmatched()));
  metrics_.Record(metrics_.unmatched(), status, 0, RequestCost());
}

void Dispatcher::Handle(Exchange& exchange) {
  const Request& request = exchange.request();
  RouteMatch match = MatchRoute(request.method, request.path);
  if (match.route_index < 0) {
    HandleUnmatched(exchange, match.allowed);
    return;
  }
  const auto index = static_cast<size_t>(match.route_index);
  base::CpuMeter::Claim(metrics_.account(match.route_index));
  if (local_[index]) {
    HandleLocal(exchange, match.route_index);
  } else {
    base::Spawn(Serve(exchange, std::move(match)));
  }
}

void Dispatcher::HandleLocal(Exchange& exchange, int route) {
  const std::string id = RequestId(exchange.request().request_id);
  const Response response = local_[static_cast<size_t>(route)]();
  const int64_t started = exchange.started();
  exchange.Finish(response, id);
  metrics_.Record(route, response.status, clock_.Now() - started, RequestCost());
}

void Dispatcher::HandleUnmatched(Exchange& exchange, const std::string& allowed) {
  base::CpuMeter::Claim(metrics_.account(metrics_.unmatched()));
  const std::string id = RequestId(exchange.request().request_id);
  Response response =
      allowed.empty() ? ErrorResponse(404, "NOT_FOUND", "no such route")
                      : ErrorResponse(405, "METHOD_NOT_ALLOWED", "this route has other methods");
  if (!allowed.empty()) response.extra_headers = absl::StrCat("Allow: ", allowed, "\r\n");
  const int64_t started = exchange.started();
  exchange.Finish(response, id);
  metrics_.Record(metrics_.unmatched(), response.status, clock_.Now() - started, RequestCost());
}

base::Task<> Dispatcher::Serve(Exchange& exchange, RouteMatch match) {
  const Route& route = Routes()[static_cast<size_t>(match.route_index)];
  const Request& request = exchange.request();
  const int64_t started = exchange.started();
  RequestContext context{
      .route = route,
      .request = request,
      .services = services_,
      .principal = {},
      .params = match.params,
      .request_id = RequestId(request.request_id),
      // The steady clock's own epoch is CLOCK_MONOTONIC's, as base::Clock's.
      .deadline = std::chrono::steady_clock::time_point(
          std::chrono::nanoseconds(started) + std::chrono::milliseconds(route.deadline_ms)),
      .cost = {},
      .audit_subject = {}};
  const Response response = co_await Answer(context, match.route_index);
  if (route.phi) AuditRefusal(context, response);

  const int64_t latency = clock_.Now() - started;
  metrics_.Record(match.route_index, response.status, latency, context.cost);
  if (log_ != nullptr) {
    stamp_.Set(clock_.WallNow());
    const AccessLog::Entry entry = {.time = stamp_.iso(),
                                    .request_id = context.request_id,
                                    .operation = route.operation,
                                    .status = response.status,
                                    .latency_us = latency / base::kNanosPerMicrosecond,
                                    .user_id = context.principal.user_id,
                                    .clinic_id = context.principal.clinic_id};
    log_->Add(entry);
  }
  exchange.Finish(response, context.request_id);
}

base::Task<Response> Dispatcher::Answer(RequestContext& context, int route) {
  const Handler handler = handlers_[static_cast<size_t>(route)];
  if (handler == nullptr) {
    co_return ErrorResponse(absl::UnavailableError("this server does not offer the operation"));
  }
  const absl::Status admitted = Admit(context);
  if (!admitted.ok()) co_return ErrorResponse(admitted);
  Response response = co_await handler(context);
  const bool reads = context.route.method == Method::kGet;
  if (context.route.phi && reads && Succeeded(response)) {
    const absl::Status durable = co_await AuditRead(context);
    if (!durable.ok()) {
      LOG_EVERY_N(ERROR, 100) << "no audit record for " << context.request_id << ": "
                              << durable.message();
      response = ErrorResponse(absl::UnavailableError("audit"));
    }
  }
  co_return response;
}

absl::Status Dispatcher::Admit(RequestContext& context) {
  const Route& route = context.route;
  if (route.roles.empty()) return absl::OkStatus();
  if (verifier_ == nullptr) return absl::UnauthenticatedError("no tokens are accepted");
  absl::StatusOr<const TokenClaims*> claims = verifier_->Verify(context.request.authorization);
  if (!claims.ok()) return claims.status();
  Principal& principal = context.principal;
  principal.user_id = (*claims)->user_id;
  principal.role = (*claims)->role;
  principal.clinic_id = (*claims)->clinic_id;
  principal.email = (*claims)->email;
  principal.session_id = (*claims)->session_id;
  principal.token_expires_at = (*claims)->expires_at;
  const std::string_view named = context.request.clinic_id;
  const bool may_name = principal.role == Role::kSuperAdmin;
  // Before the permission: the record of a refusal belongs to the clinic that was named.
  if (may_name && IsUuid(named)) principal.clinic_id = named;
  if (!route.roles.Has(principal.role)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the permission ", std::string(route.permission), " is required"));
  }
  if (!named.empty() && named != principal.clinic_id) {
    if (may_name) return FieldError("X-Clinic-ID", "X-Clinic-ID must be a lower-case UUID");
    return absl::PermissionDeniedError("X-Clinic-ID names another clinic than the token");
  }
  if (route.needs_clinic && principal.clinic_id.empty()) {
    return FieldError("X-Clinic-ID", "name the clinic by X-Clinic-ID");
  }
  return absl::OkStatus();
}

void Dispatcher::AuditRefusal(const RequestContext& context, const Response& response) {
  if (!read_audit_ || context.principal.user_id.empty()) return;
  if (response.status != 403 && response.status != 404) return;
  AuditEntry entry = EntryFor(context, response.status == 403 ? "denied" : "not_found");
  // Path parameters are what was asked for; they are as long as a path may be.
  if (context.params.count > 0) {
    entry.resource = std::string(context.params.values[0].substr(0, kLongestResource));
  }
  base::Spawn(read_audit_(std::move(entry), context.deadline, nullptr));
}

base::Task<absl::Status> Dispatcher::AuditRead(RequestContext& context) {
  if (!read_audit_) co_return absl::UnavailableError("no audit log");
  const AuditSubject& subject = context.audit_subject;
  AuditEntry entry = EntryFor(context, "allowed");
  if (subject.patient_ids.size() <= 1) {
    if (!subject.patient_ids.empty()) entry.subject_id = subject.patient_ids.front();
    co_return co_await read_audit_(std::move(entry), context.deadline, &context.cost);
  }
  // One record a patient, all in flight together.
  auto start = [&](auto done) {
    auto join = std::make_shared<Join>(Join{subject.patient_ids.size(), absl::OkStatus()});
    for (const std::string& patient : subject.patient_ids) {
      AuditEntry one = entry;
      one.subject_id = patient;
      base::Spawn(read_audit_(std::move(one), context.deadline, &context.cost),
                  [join, done](const absl::Status& status) {
                    join->status.Update(status);
                    if (--join->left == 0) done(join->status);
                  });
    }
  };
  co_return co_await base::Callback<absl::Status>(start);
}

}  // namespace server
