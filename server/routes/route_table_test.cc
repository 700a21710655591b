#include "server/routes/route_table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace server {
namespace {

std::string Operation(Method method, std::string_view path) {
  const RouteMatch match = MatchRoute(method, path);
  if (match.route_index < 0) return match.allowed.empty() ? "404" : "405 " + match.allowed;
  return std::string(Routes()[static_cast<size_t>(match.route_index)].operation);
}

TEST(RouteTableTest, FindsEachRouteByItsOwnPath) {
  for (const Route& route : Routes()) {
    std::string path(route.path);
    for (size_t colon = path.find(':'); colon != std::string::npos; colon = path.find(':')) {
      const size_t end = path.find('/', colon);
      path.replace(colon, (end == std::string::npos ? path.size() : end) - colon, "value");
    }
    EXPECT_EQ(Operation(route.method, path), route.operation) << path;
  }
}

TEST(RouteTableTest, LiteralsWinOverParameters) {
  EXPECT_EQ(Operation(Method::kGet, "/api/v1/appointments/my-appointments"), "appointments.mine");
  EXPECT_EQ(Operation(Method::kDelete, "/api/v1/appointments/my-appointments"), "405 GET");
}

TEST(RouteTableTest, Parameters) {
  const RouteMatch match = MatchRoute(Method::kGet, "/api/v1/appointments/doctor/d-1/availability");
  ASSERT_GE(match.route_index, 0);
  EXPECT_EQ(match.params.count, 1u);
  EXPECT_EQ(match.params.Get("doctorId"), "d-1");
  EXPECT_EQ(match.params.Get("id"), "");
}

TEST(RouteTableTest, UnknownPathsAndWrongMethods) {
  EXPECT_EQ(Operation(Method::kGet, "/"), "404");
  EXPECT_EQ(Operation(Method::kGet, ""), "404");
  EXPECT_EQ(Operation(Method::kGet, "*"), "404");
  EXPECT_EQ(Operation(Method::kGet, "/health/"), "404");
  EXPECT_EQ(Operation(Method::kGet, "//health"), "404");
  EXPECT_EQ(Operation(Method::kGet, "/api/v1/appointments/"), "404");
  EXPECT_EQ(Operation(Method::kGet, "/api/v1/appointments/a/b"), "404");
  EXPECT_EQ(Operation(Method::kGet, "/api/v1/auth/login"), "405 POST");
  EXPECT_EQ(Operation(Method::kPut, "/api/v1/appointments"), "405 POST, GET");
  EXPECT_EQ(Operation(Method::kPost, "/api/v1/appointments/x"), "405 GET, DELETE");
}

TEST(RouteTableTest, OperationsAreUniqueAndRoutesConsistent) {
  std::set<std::string_view> operations;
  for (const Route& route : Routes()) {
    EXPECT_TRUE(operations.insert(route.operation).second) << route.operation;
    EXPECT_EQ(route.permission.empty(), route.roles.empty()) << route.operation;
    EXPECT_GT(route.deadline_ms, 0u);
    // Whoever touches PHI is known and works in one clinic.
    const bool guarded = !route.roles.empty() && route.needs_clinic;
    EXPECT_TRUE(guarded || !route.phi) << route.operation;
    EXPECT_TRUE(route.method != Method::kGet || route.body_limit_bytes == 0) << route.operation;
  }
}

// Who may do what, written out: a change of the table must be a change here.
TEST(RouteTableTest, PermissionMatrix) {
  // In the order of Role: super admin, clinic admin, doctor, nurse, receptionist, patient.
  const std::map<std::string_view, std::string_view> kMatrix = {
      {"health", "public"},
      {"health.live", "public"},
      {"health.ready", "public"},
      {"metrics", "public"},
      {"auth.login", "public"},
      {"auth.refresh", "public"},
      {"auth.logout", "SCDNRP"},
      {"appointments.availability", "SCDNRP"},
      {"appointments.create", "SCD-RP"},
      {"appointments.list", "SCDNR-"},
      {"appointments.mine", "--D--P"},
      {"appointments.get", "SCDNRP"},
      {"appointments.cancel", "SCD-RP"},
      {"ehr.comprehensive", "SCDN-P"},
      {"ehr.add_vitals", "-CDNR-"},
  };
  EXPECT_EQ(kMatrix.size(), Routes().size());
  for (const Route& route : Routes()) {
    std::string have;
    for (int i = 0; i < kRoleCount; ++i) {
      have += route.roles.Has(static_cast<Role>(i)) ? "SCDNRP"[i] : '-';
    }
    if (route.roles.empty()) have = "public";
    const auto want = kMatrix.find(route.operation);
    ASSERT_NE(want, kMatrix.end()) << route.operation;
    EXPECT_EQ(have, want->second) << route.operation;
  }
}

TEST(RoleTest, NamesRoundTrip) {
  for (int i = 0; i < kRoleCount; ++i) {
    EXPECT_EQ(ParseRole(RoleName(static_cast<Role>(i))), static_cast<Role>(i));
  }
  EXPECT_EQ(ParseRole("ROOT"), std::nullopt);
  EXPECT_EQ(ParseRole(""), std::nullopt);
}

}  // namespace
}  // namespace server
