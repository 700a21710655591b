#include "report/claims.h"

#include <set>

#include "base/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "report/evidence.h"
#include "report/judge.h"

namespace report {
namespace {

using ::testing::HasSubstr;

class ClaimsTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) {
    const std::string path = ::testing::TempDir() + "/claims.yaml";
    EXPECT_TRUE(base::WriteFile(path, text).ok());
    return path;
  }
};

TEST_F(ClaimsTest, TheShippedClaimsAreComplete) {
  auto claims = LoadClaims(base::Runfile("claims/claims.yaml").value());
  ASSERT_TRUE(claims.ok()) << claims.status();
  std::set<std::string> ids;
  for (const model::Claim& claim : claims->claims()) ids.insert(claim.id());
  for (const char* id : {"users",          "users-per-pod", "rps",      "row-25k",   "row-100k",
                         "row-500k",       "row-1m",        "p99",      "resources", "hpa",
                         "scale-up",       "scale-down",    "pg-2.5x",  "pg-tps",    "cache",
                         "pg-connections", "redis-ha",      "spof",     "uptime",    "redis-scale",
                         "zero-downtime",  "pdb",           "recovery", "clinics",   "audit",
                         "storage",        "no-elk",        "security", "readiness", "vpa",
                         "dev-15k",        "staging-100k",  "10x",      "deploy"}) {
    EXPECT_EQ(ids.count(id), 1) << id;
  }
  // Every expression is understood, even without any evidence.
  auto report = Judge(*claims, Evidence());
  EXPECT_TRUE(report.ok()) << report.status();
}

TEST_F(ClaimsTest, ErrorsNameFileLineAndClaim) {
  const std::string head = "claims:\n  - id: a\n    undecided_because: x\n";
  EXPECT_THAT(LoadClaims(Write(head + "  - id: a\n    undecided_because: x\n")).status().message(),
              HasSubstr("claims.yaml:4: claim `a`: this id stands twice"));
  EXPECT_THAT(LoadClaims(Write("claims:\n  - id: b\n")).status().message(),
              HasSubstr("expected `decisions` or `undecided_because`"));
  EXPECT_THAT(LoadClaims(Write("claims:\n  - id: b\n    decisions:\n"
                               "      - {deployment: x, method: guess, expression: 1 < 2}\n"))
                  .status()
                  .message(),
              HasSubstr("method `guess`"));
  EXPECT_THAT(LoadClaims(Write("claims:\n  - id: b\n    colour: red\n")).status().message(),
              HasSubstr("colour"));
}

}  // namespace
}  // namespace report
