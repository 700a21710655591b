// Tokens that nobody signed, sessions that are over, and answers out of the cache: none of them is
// a way into another clinic's data, and every attempt on PHI is in the audit log.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "server/routes/route_table.h"
#include "tests/e2e/leak_matrix.h"

namespace tests {
namespace {

using model::Entity;
using model::EntityKind;
using server::Role;

class SessionLeakTest : public LeakMatrix {};

std::string WithPart(const std::string& token, size_t part, const std::string& value) {
  std::vector<std::string> parts = absl::StrSplit(token, '.');
  parts.at(part) = value;
  return absl::StrCat(parts[0], ".", parts[1], ".", parts[2]);
}

TEST_F(SessionLeakTest, ForgedTokensAreRefused) {
  const Entity doctor = User(EntityKind::kDoctor, 0, 0);
  const server::TokenClaims claims = Server().Claims(Role::kDoctor, doctor.id, doctor.clinic_id);
  const server::SigningKey& key = Server().key();
  const std::string good = server::SignToken(key, claims).value();
  std::map<std::string, std::string> forged;
  const std::string none = absl::WebSafeBase64Escape(
      absl::StrCat(R"({"alg":"none","typ":"JWT","kid":")", key.kid, "\"}"));
  forged["alg none, no signature"] = WithPart(WithPart(good, 0, none), 2, "");
  forged["alg none, old signature"] = WithPart(good, 0, none);
  forged["no signature"] = WithPart(good, 2, "");
  forged["two parts"] = good.substr(0, good.rfind('.'));
  forged["longer signature"] = good + "A";
  forged["wrong key"] = server::SignToken({key.kid, std::string(32, 'x')}, claims).value();
  forged["wrong kid"] = server::SignToken({"other", key.secret}, claims).value();
  std::string payload;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(std::vector<std::string>(absl::StrSplit(good, '.'))[1],
                                          &payload));
  for (const auto& [from, to] : std::map<std::string, std::string>{{doctor.clinic_id, ClinicId(1)},
                                                                   {"DOCTOR", "SUPER_ADMIN"}}) {
    const std::string bent = absl::StrReplaceAll(payload, {{from, to}});
    ASSERT_NE(bent, payload);
    forged["payload with " + to] = WithPart(good, 1, absl::WebSafeBase64Escape(bent));
  }
  auto bend = [&](const char* name, auto change) {
    server::TokenClaims bent = claims;
    change(bent);
    forged[name] = server::SignToken(key, bent).value();
  };
  bend("expired", [](auto& c) { c.expires_at = c.issued_at - 1; });
  bend("refresh token", [](auto& c) { c.type = server::TokenType::kRefresh; });
  bend("no clinic", [](auto& c) { c.clinic_id = ""; });
  bend("no session", [](auto& c) { c.session_id = ""; });
  bend("no user", [](auto& c) { c.user_id = ""; });

  Actor actor = {"", Role::kDoctor, kNobody, kNobody, "", ""};
  for (const auto& [name, token] : forged) {
    actor.name = name;
    actor.token = token;
    Expect(actor, "appointments.list", "GET", "/api/v1/appointments", nullptr, 401);
    Expect(actor, "ehr.comprehensive", "GET",
           "/api/v1/ehr/comprehensive/" + User(EntityKind::kPatient, 0, 0).id, nullptr, 401);
    Expect(actor, "auth.logout", "POST", "/api/v1/auth/logout", nullptr, 401);
  }
}

TEST_F(SessionLeakTest, AfterSignOutNothingOfTheSessionWorks) {
  const Entity doctor = User(EntityKind::kDoctor, 0, 0);
  ApiClient client(Server().port());
  const auto login = client.Post("/api/v1/auth/login",
                                 {{"email", doctor.email}, {"password", ClinicServer::kPassword}});
  ASSERT_TRUE(login.ok() && login->status == 200) << login.status();
  const std::string refresh(login->json.at("data").at("refreshToken").as_string());
  Actor actor = {"signed out", Role::kDoctor,
                 doctor.id,    doctor.clinic_id,
                 "",           std::string(login->json.at("data").at("accessToken").as_string())};
  Expect(actor, "appointments.list", "GET", "/api/v1/appointments", nullptr, 200);
  Expect(actor, "auth.logout", "POST", "/api/v1/auth/logout", nullptr, 200);
  absl::SleepFor(absl::Seconds(2));  // until every worker has heard of it
  for (int i = 0; i < 8; ++i) {      // connections of both workers
    Expect(actor, "appointments.list", "GET", "/api/v1/appointments", nullptr, 401);
  }
  Expect(actor, "auth.refresh", "POST", "/api/v1/auth/refresh", {{"refreshToken", refresh}}, 401);
}

double CacheHits(const std::string& metrics, const std::string& operation) {
  const std::string series =
      absl::StrCat("praxis_cache_hits_total{operation=\"", operation, "\"} ");
  const size_t at = metrics.find(series);
  double hits = 0;
  return at != std::string::npos &&
                 absl::SimpleAtod(metrics.substr(at + series.size(),
                                                 metrics.find('\n', at) - at - series.size()),
                                  &hits)
             ? hits
             : -1;
}

// Whoever comes first fills the cache, with a value or not at all; the next one gets what is
// theirs. Things that nobody has written to: a write keeps its entry out of the cache for seconds.
TEST_F(SessionLeakTest, CachedAnswersStayWithTheirClinicAndRole) {
  const Actor nobody = {"nobody", Role::kPatient, kNobody, kNobody, "", ""};
  const std::string before = Expect(nobody, "metrics", "GET", "/metrics", nullptr, 200).body;
  for (const bool they_first : {true, false}) {
    const uint64_t k = they_first ? 2 : 3;
    const Entity patient = User(EntityKind::kPatient, 0, k);
    const std::string record = "/api/v1/ehr/comprehensive/" + patient.id;
    const std::string day =
        absl::StrCat("/api/v1/appointments/doctor/", User(EntityKind::kDoctor, 0, k).id,
                     "/availability?date=2039-01-01");
    for (int round = 0; round < 4; ++round) {
      for (const bool they : {they_first, !they_first}) {
        for (Actor actor : Actors(they ? 1 : 0)) {
          if (actor.clinic().empty()) continue;
          if (!they && actor.role == Role::kPatient) {
            actor.user_id = patient.id;
            actor.token = Server().TokenOf(patient);
          }
          const bool may = May(actor.role, "ehr.comprehensive");
          const int stranger = actor.role == Role::kPatient ? 403 : 404;
          Expect(actor, "ehr.comprehensive", "GET", record, nullptr,
                 !may   ? 403
                 : they ? stranger
                        : 200);
          Expect(actor, "appointments.availability", "GET", day, nullptr, they ? 404 : 200);
        }
      }
      absl::SleepFor(absl::Milliseconds(50));  // nobody waits for the cache to be filled
    }
  }
  absl::SleepFor(absl::Milliseconds(300));  // until both workers have published their counts
  const std::string after = Expect(nobody, "metrics", "GET", "/metrics", nullptr, 200).body;
  for (const char* operation : {"ehr.comprehensive", "appointments.availability"}) {
    EXPECT_GE(CacheHits(after, operation), CacheHits(before, operation) + 20) << operation;
  }
}

// Last: looks at all of the above.
TEST_F(SessionLeakTest, EveryAttemptOnPhiIsRecorded) { ExpectAttemptsRecorded(0); }

}  // namespace
}  // namespace tests
