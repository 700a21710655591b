#include "server/routes/route_table.h"

#include "absl/strings/str_cat.h"

namespace server {
namespace {

using enum Role;

constexpr RoleSet kBookers = {kSuperAdmin, kClinicAdmin, kDoctor, kReceptionist, kPatient};
constexpr RoleSet kStaff = {kSuperAdmin, kClinicAdmin, kDoctor, kNurse, kReceptionist};
constexpr RoleSet kRecordReaders = {kSuperAdmin, kClinicAdmin, kDoctor, kNurse, kPatient};
constexpr RoleSet kVitalsWriters = {kClinicAdmin, kDoctor, kNurse, kReceptionist};
constexpr RoleSet kPublic = {};

constexpr uint32_t kNoBody = 0;
constexpr uint32_t kSmall = 4 * 1024;
constexpr uint32_t kForm = 16 * 1024;
constexpr std::string_view kOpen = "";

// operation, method, path, permission, roles, phi, needs_clinic, cacheable, body limit, deadline ms
constexpr Route kRoutes[] = {
    {"health", Method::kGet, "/health", kOpen, kPublic, false, false, false, kNoBody, 1000},
    {"health.live", Method::kGet, "/health/live", kOpen, kPublic, false, false, false, kNoBody,
     1000},
    {"health.ready", Method::kGet, "/health/ready", kOpen, kPublic, false, false, false, kNoBody,
     1000},
    {"metrics", Method::kGet, "/metrics", kOpen, kPublic, false, false, false, kNoBody, 1000},
    {"auth.login", Method::kPost, "/api/v1/auth/login", kOpen, kPublic, false, false, false, kSmall,
     5000},
    {"auth.refresh", Method::kPost, "/api/v1/auth/refresh", kOpen, kPublic, false, false, false,
     kSmall, 2000},
    {"auth.logout", Method::kPost, "/api/v1/auth/logout", "session:end", kAnyRole, false, false,
     false, kSmall, 2000},
    {"appointments.availability", Method::kGet,
     "/api/v1/appointments/doctor/:doctorId/availability", "appointments:availability", kAnyRole,
     false, true, true, kNoBody, 2000},
    {"appointments.create", Method::kPost, "/api/v1/appointments", "appointments:create", kBookers,
     true, true, false, kForm, 2000},
    {"appointments.list", Method::kGet, "/api/v1/appointments", "appointments:list", kStaff, true,
     true, false, kNoBody, 2000},
    {"appointments.mine", Method::kGet, "/api/v1/appointments/my-appointments", "appointments:mine",
     RoleSet{kDoctor, kPatient}, true, true, false, kNoBody, 2000},
    {"appointments.get", Method::kGet, "/api/v1/appointments/:id", "appointments:read", kAnyRole,
     true, true, false, kNoBody, 2000},
    {"appointments.cancel", Method::kDelete, "/api/v1/appointments/:id", "appointments:cancel",
     kBookers, true, true, false, kSmall, 2000},
    {"ehr.comprehensive", Method::kGet, "/api/v1/ehr/comprehensive/:userId", "medical-records:read",
     kRecordReaders, true, true, true, kNoBody, 2000},
    {"ehr.add_vitals", Method::kPost, "/api/v1/ehr/vitals", "vitals:create", kVitalsWriters, true,
     true, false, kForm, 2000},
};

// The segment that starts at `*rest`, which it cuts off; both paths start with '/'.
std::string_view NextSegment(std::string_view* rest) {
  rest->remove_prefix(1);
  const size_t end = rest->find('/');
  std::string_view segment = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end);
  return segment;
}

// Whether `path` fits `pattern`; fills `params`. `exact`: no parameter was needed.
bool Fits(std::string_view pattern, std::string_view path, PathParams* params) {
  params->count = 0;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view want = NextSegment(&pattern);
    const std::string_view have = NextSegment(&path);
    if (!want.empty() && want.front() == ':') {
      if (have.empty() || params->count == PathParams::kMax) return false;
      params->names[params->count] = want.substr(1);
      params->values[params->count] = have;
      ++params->count;
    } else if (want != have) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

int RouteIndex(std::string_view operation) {
  for (size_t i = 0; i < std::size(kRoutes); ++i) {
    if (kRoutes[i].operation == operation) return static_cast<int>(i);
  }
  return -1;
}

std::string_view PathParams::Get(std::string_view name) const {
  for (size_t i = 0; i < count; ++i) {
    if (names[i] == name) return values[i];
  }
  return {};
}

RouteMatch MatchRoute(Method method, std::string_view path) {
  RouteMatch match;
  if (path.empty() || path.front() != '/') return match;
  bool literal_found = false;
  PathParams params;
  // Literals win over parameters for the path as a whole, whatever the method: DELETE on
  // "/appointments/my-appointments" is a wrong method, not an appointment with a strange id.
  for (size_t i = 0; i < std::size(kRoutes); ++i) {
    const Route& route = kRoutes[i];
    if (!Fits(route.path, path, &params)) continue;
    const bool literal = params.count == 0;
    if (literal && !literal_found) {
      literal_found = true;
      match = RouteMatch();
    } else if (!literal && literal_found) {
      continue;
    }
    if (route.method == method && match.route_index < 0) {
      match.route_index = static_cast<int>(i);
      match.params = params;
      if (literal) return match;
    } else if (match.route_index < 0) {
      absl::StrAppend(
          &match.allowed, match.allowed.empty() ? "" : ", ",
          absl::string_view(MethodName(route.method).data(), MethodName(route.method).size()));
    }
  }
  if (match.route_index >= 0) match.allowed.clear();
  return match;
}

}  // namespace server
