// Every operation as every role on things of the own clinic, of another patient, of another clinic
// and of nobody: the status is the one the permissions say, no answer ever holds anything of
// another clinic (or, for a patient, of another patient), and every attempt on PHI is in the audit
// log.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "server/routes/route_table.h"
#include "tests/support/api_client.h"
#include "tests/support/clinic_server.h"

namespace tests {
namespace {

using model::Entity;
using model::EntityKind;
using server::Role;

constexpr char kNobody[] = "99999999-9999-4999-8999-999999999999";
constexpr char kNurse[] = "88888888-8888-4888-8888-888888888888";
constexpr char kRoot[] = "77777777-7777-4777-8777-777777777777";

// Who may do what, written out once more and not read from the route table. S super admin, C clinic
// admin, D doctor, N nurse, R receptionist, P patient.
const std::map<std::string, std::string>& Permissions() {
  static const std::map<std::string, std::string> permissions = {
      {"appointments.availability", "SCDNRP"},
      {"appointments.create", "SCDRP"},
      {"appointments.list", "SCDNR"},
      {"appointments.mine", "DP"},
      {"appointments.get", "SCDNRP"},
      {"appointments.cancel", "SCDRP"},
      {"ehr.comprehensive", "SCDNP"},
      {"ehr.add_vitals", "CDNR"},
      {"auth.logout", "SCDNRP"}};
  return permissions;
}

bool May(Role role, const std::string& operation) {
  return absl::StrContains(Permissions().at(operation), "SCDNRP"[static_cast<int>(role)]);
}

struct Actor {
  std::string name;
  Role role;
  std::string user_id;
  std::string token_clinic;
  std::string named_clinic;  // X-Clinic-ID; empty: none
  std::string token;
  // Where the actor's requests work; empty: nowhere.
  std::string clinic() const {
    return role == Role::kSuperAdmin && !named_clinic.empty() ? named_clinic : token_clinic;
  }
};

enum class Whose { kOwn, kOtherPatient, kOtherClinic, kNobody };

// A patient with what belongs to them, as seen from the actor.
struct Target {
  Whose whose;
  std::string patient_id;
  std::string doctor_id;
  std::string clinic_id;
  std::string appointment_id;
};

std::string Planted(const std::string& patient_id) { return "planted-for-" + patient_id; }

class TenancyLeakTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = ClinicServer::Start();
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = started->release();
    for (uint64_t clinic = 0; clinic < 2; ++clinic) {
      for (uint64_t patient = 0; patient < 2; ++patient) Plant(clinic, patient);
    }
    CollectMarks();
  }
  static void TearDownTestSuite() {
    if (server_ == nullptr) return;
    EXPECT_TRUE(server_->Stop().ok());
    delete server_;
  }

  static Entity User(EntityKind kind, uint64_t clinic, uint64_t k) {
    const model::Catalogue& all = server_->catalogue();
    return all.Get(kind, all.InClinic(clinic, k));
  }
  static std::string ClinicId(uint64_t clinic) { return server_->catalogue().clinic(clinic).id; }

  // A visit with notes and a vital that can be recognised anywhere.
  static void Plant(uint64_t clinic, uint64_t k) {
    const std::string patient = User(EntityKind::kPatient, clinic, k).id;
    ApiClient client(server_->port());
    client.SetToken(server_->TokenOf(User(EntityKind::kReceptionist, clinic, 0)));
    const auto vital =
        client.Post("/api/v1/ehr/vitals",
                    {{"userId", patient}, {"type", "WEIGHT"}, {"value", Planted(patient)}});
    ASSERT_TRUE(vital.ok() && vital->status == 201) << vital.status();
    appointments_[patient] = Book(clinic, patient);
  }

  // The next free slot of the clinic's first doctor, as a request.
  static boost::json::object Visit(const std::string& doctor, const std::string& patient) {
    const int slot = next_slot_++;
    return {{"patientId", patient},
            {"doctorId", doctor},
            {"date", model::Day(absl::CivilDay(2031, 1, 1), slot / model::kSlotsPerDay)},
            {"time", model::SlotTime(slot % model::kSlotsPerDay)},
            {"type", "IN_PERSON"},
            {"notes", Planted(patient)}};
  }

  static std::string Book(uint64_t clinic, const std::string& patient) {
    ApiClient client(server_->port());
    client.SetToken(server_->TokenOf(User(EntityKind::kReceptionist, clinic, 0)));
    const auto answer = client.Post("/api/v1/appointments",
                                    Visit(User(EntityKind::kDoctor, clinic, 0).id, patient));
    EXPECT_TRUE(answer.ok() && answer->status == 201) << answer.status();
    if (!answer.ok() || answer->status != 201) return kNobody;
    std::string id(answer->json.at("data").at("id").as_string());
    marks_of_patient_[patient].insert(id);
    marks_of_clinic_[ClinicId(clinic)].insert(id);
    return id;
  }

  // Everything in the database that tells whose an answer is.
  static void CollectMarks() {
    pqxx::connection connection(server_->handle().database_url);
    pqxx::nontransaction query(connection);
    for (const auto& row : query.exec("SELECT user_id::text, clinic_id::text, role FROM users")) {
      const auto user = row[0].as<std::string>();
      auto& clinic = marks_of_clinic_[row[1].as<std::string>()];
      clinic.insert({user, row[1].as<std::string>(), Planted(user)});
      if (row[2].as<std::string>() == "PATIENT") {
        marks_of_patient_[user].insert({user, Planted(user)});
      }
    }
    const std::string owned =
        "SELECT appointment_id::text, clinic_id::text, patient_id::text FROM appointments "
        "UNION ALL SELECT vital_id::text, clinic_id::text, patient_id::text FROM vitals "
        "UNION ALL SELECT history_id::text, clinic_id::text, patient_id::text FROM medical_history "
        "UNION ALL SELECT report_id::text, clinic_id::text, patient_id::text FROM lab_reports";
    for (const auto& row : query.exec(owned)) {
      marks_of_clinic_[row[1].as<std::string>()].insert(row[0].as<std::string>());
      marks_of_patient_[row[2].as<std::string>()].insert(row[0].as<std::string>());
    }
  }

  static void ExpectNoLeak(const Actor& actor, const ApiAnswer& answer, const std::string& what) {
    for (const auto& [clinic, marks] : marks_of_clinic_) {
      if (clinic == actor.clinic()) continue;
      for (const std::string& mark : marks) {
        EXPECT_FALSE(absl::StrContains(answer.body, mark) ||
                     absl::StrContains(answer.headers, mark))
            << what << " shows " << mark << " of clinic " << clinic << ": " << answer.body;
      }
    }
    if (actor.role != Role::kPatient) return;
    for (const auto& [patient, marks] : marks_of_patient_) {
      if (patient == actor.user_id) continue;
      for (const std::string& mark : marks) {
        EXPECT_FALSE(absl::StrContains(answer.body, mark))
            << what << " shows " << mark << " of patient " << patient << ": " << answer.body;
      }
    }
  }

  // Sends, checks status and leaks, and remembers what the audit log must hold.
  static ApiAnswer Expect(const Actor& actor, const std::string& operation,
                          const std::string& method, const std::string& path,
                          const boost::json::value& body, int status) {
    ++requests_;
    operations_.insert(operation);
    const std::string id = absl::StrCat("leak-", requests_);
    const std::string what = absl::StrCat(actor.name, " ", operation, " ", path, " ",
                                          body.is_null() ? "" : boost::json::serialize(body));
    ApiClient client(server_->port());
    client.SetToken(actor.token);
    std::string headers = absl::StrCat("X-Request-ID: ", id, "\r\n");
    if (!actor.named_clinic.empty()) {
      absl::StrAppend(&headers, "X-Clinic-ID: ", actor.named_clinic, "\r\n");
    }
    const auto answer =
        client.Send(method, path, body.is_null() ? "" : boost::json::serialize(body), headers);
    EXPECT_TRUE(answer.ok()) << what << ": " << answer.status();
    if (!answer.ok()) return {};
    EXPECT_EQ(answer->status, status) << what << ": " << answer->body;
    EXPECT_TRUE(absl::StrContains(answer->headers, "X-Request-ID: " + id)) << what;
    if (answer->status / 100 != 2 && answer->status != 0) {
      EXPECT_FALSE(absl::StrContains(answer->body, "\"data\"")) << what << ": " << answer->body;
    }
    ExpectNoLeak(actor, *answer, what);
    const int route = server::RouteIndex(operation);
    if (route >= 0 && server::Routes()[static_cast<size_t>(route)].phi) {
      const char* outcome = answer->status / 100 == 2 ? "allowed"
                            : answer->status == 403   ? "denied"
                            : answer->status == 404   ? "not_found"
                                                      : "";
      audited_[id] = {outcome, actor.clinic(), actor.user_id, what};
    }
    return *answer;
  }

  static std::vector<Actor> Actors(uint64_t clinic) {
    const std::string id = ClinicId(clinic);
    std::vector<Actor> actors = {
        {"super admin without clinic", Role::kSuperAdmin, kRoot, "", "", ""},
        {"super admin", Role::kSuperAdmin, kRoot, "", id, ""},
        {"nurse", Role::kNurse, kNurse, id, "", ""}};
    for (EntityKind kind : {EntityKind::kClinicAdmin, EntityKind::kDoctor,
                            EntityKind::kReceptionist, EntityKind::kPatient}) {
      const Entity user = User(kind, clinic, 0);
      actors.push_back(
          {std::string(user.role), *server::ParseRole(user.role), user.id, id, "", ""});
    }
    for (Actor& actor : actors) {
      actor.token = server_->Token(actor.role, actor.user_id, actor.token_clinic);
    }
    return actors;
  }

  static std::vector<Target> Targets(uint64_t clinic) {
    std::vector<Target> targets;
    auto add = [&](Whose whose, uint64_t of_clinic, uint64_t patient) {
      const std::string id = User(EntityKind::kPatient, of_clinic, patient).id;
      targets.push_back({whose, id, User(EntityKind::kDoctor, of_clinic, patient).id,
                         ClinicId(of_clinic), appointments_.at(id)});
    };
    add(Whose::kOwn, clinic, 0);
    add(Whose::kOtherPatient, clinic, 1);
    add(Whose::kOtherClinic, 1 - clinic, 0);
    targets.push_back({Whose::kNobody, kNobody, kNobody, kNobody, kNobody});
    return targets;
  }

  // The status for `actor`; `found` when everything is right, `not_own` for a patient who asks for
  // what is not their own.
  static int Status(const Actor& actor, const std::string& operation, Whose whose, int found,
                    int not_own) {
    if (!May(actor.role, operation)) return 403;
    if (actor.clinic().empty()) return 400;
    if (actor.role == Role::kPatient && whose != Whose::kOwn) return not_own;
    if (whose == Whose::kOtherClinic || whose == Whose::kNobody) return 404;
    return found;
  }

  static void ProbeTarget(const Actor& actor, uint64_t clinic, const Target& target) {
    const Whose whose = target.whose;
    auto status = [&](const char* operation, int found, int not_own) {
      return Status(actor, operation, whose, found, not_own);
    };
    const bool known_doctor = whose == Whose::kOwn || whose == Whose::kOtherPatient;
    int availability = Status(actor, "appointments.availability", Whose::kOwn, 200, 200);
    if (availability == 200 && !known_doctor) availability = 404;
    Expect(actor, "appointments.availability", "GET",
           absl::StrCat("/api/v1/appointments/doctor/", target.doctor_id,
                        "/availability?date=2031-01-01&clinicId=", ClinicId(1 - clinic)),
           nullptr, availability);
    Expect(actor, "appointments.get", "GET",
           absl::StrCat("/api/v1/appointments/", target.appointment_id,
                        "?clinicId=", target.clinic_id),
           nullptr, status("appointments.get", 200, 404));
    Expect(actor, "ehr.comprehensive", "GET",
           absl::StrCat("/api/v1/ehr/comprehensive/", target.patient_id,
                        "?clinicId=", target.clinic_id),
           nullptr, status("ehr.comprehensive", 200, 403));
    Expect(actor, "ehr.add_vitals", "POST", "/api/v1/ehr/vitals",
           {{"userId", target.patient_id}, {"type", "HEIGHT"}, {"value", "180"}},
           status("ehr.add_vitals", 201, 403));

    const std::string own_doctor = User(EntityKind::kDoctor, clinic, 0).id;
    Expect(actor, "appointments.create", "POST", "/api/v1/appointments",
           Visit(own_doctor, target.patient_id), status("appointments.create", 201, 403));
    // The own patient with the target's doctor: a patient may choose any of the clinic's.
    int with_doctor = Status(actor, "appointments.create", Whose::kOwn, 201, 201);
    if (with_doctor == 201 && !known_doctor) with_doctor = 404;
    Expect(actor, "appointments.create", "POST", "/api/v1/appointments",
           Visit(target.doctor_id, User(EntityKind::kPatient, clinic, 0).id), with_doctor);

    std::string cancelled = kNobody;
    if (whose != Whose::kNobody) {
      cancelled = Book(target.clinic_id == ClinicId(0) ? 0 : 1, target.patient_id);
    }
    Expect(actor, "appointments.cancel", "DELETE", "/api/v1/appointments/" + cancelled, nullptr,
           status("appointments.cancel", 200, 404));
    ProbeLists(actor, target, known_doctor);
  }

  static void ProbeLists(const Actor& actor, const Target& target, bool known_doctor) {
    const int list = Status(actor, "appointments.list", Whose::kOwn, 200, 200);
    const ApiAnswer answer = Expect(
        actor, "appointments.list", "GET",
        absl::StrCat("/api/v1/appointments?limit=100&doctorId=", target.doctor_id), nullptr, list);
    if (answer.status == 200 && !known_doctor) {
      EXPECT_EQ(answer.json.at("data").at("pagination").at("total").as_int64(), 0) << answer.body;
    }
    Expect(actor, "appointments.list", "GET",
           absl::StrCat("/api/v1/appointments?limit=100&clinicId=", target.clinic_id), nullptr,
           list);
    Expect(actor, "appointments.mine", "GET",
           absl::StrCat("/api/v1/appointments/my-appointments?limit=100&patientId=",
                        target.patient_id),
           nullptr, Status(actor, "appointments.mine", Whose::kOwn, 200, 200));
  }

  static inline ClinicServer* server_ = nullptr;
  static inline int next_slot_ = 0;
  static inline int requests_ = 0;
  static inline std::map<std::string, std::string> appointments_;  // by patient
  static inline std::map<std::string, std::set<std::string>> marks_of_clinic_;
  static inline std::map<std::string, std::set<std::string>> marks_of_patient_;
  static inline std::set<std::string> operations_;
  struct Attempt {
    std::string outcome;  // empty: no record
    std::string clinic;
    std::string actor;
    std::string what;
  };
  static inline std::map<std::string, Attempt> audited_;  // by request id
};

TEST_F(TenancyLeakTest, EveryOperationAsEveryRoleOnEverything) {
  for (uint64_t clinic = 0; clinic < 2; ++clinic) {
    for (const Actor& actor : Actors(clinic)) {
      for (const Target& target : Targets(clinic)) ProbeTarget(actor, clinic, target);
    }
  }
  RecordProperty("requests", requests_);
}

// Only a super admin may name a clinic; from anybody else the header is no key, whatever the role
// may do otherwise.
TEST_F(TenancyLeakTest, NamingAnotherClinicOpensNothing) {
  const Target theirs = Targets(0)[2];
  for (Actor actor : Actors(0)) {
    if (actor.role == Role::kSuperAdmin) continue;
    for (const std::string& named : {ClinicId(1), std::string(kNobody), std::string("x")}) {
      actor.named_clinic = named;
      auto refused = [&](const char* operation, const char* method, const std::string& path,
                         const boost::json::value& body) {
        Expect(actor, operation, method, path, body, 403);
      };
      refused("appointments.availability", "GET",
              absl::StrCat("/api/v1/appointments/doctor/", theirs.doctor_id,
                           "/availability?date=2031-01-01"),
              nullptr);
      refused("appointments.get", "GET", "/api/v1/appointments/" + theirs.appointment_id, nullptr);
      refused("appointments.list", "GET", "/api/v1/appointments", nullptr);
      refused("appointments.mine", "GET", "/api/v1/appointments/my-appointments", nullptr);
      refused("appointments.cancel", "DELETE", "/api/v1/appointments/" + theirs.appointment_id,
              nullptr);
      refused("appointments.create", "POST", "/api/v1/appointments",
              Visit(theirs.doctor_id, theirs.patient_id));
      refused("ehr.comprehensive", "GET", "/api/v1/ehr/comprehensive/" + theirs.patient_id,
              nullptr);
      refused("ehr.add_vitals", "POST", "/api/v1/ehr/vitals",
              {{"userId", theirs.patient_id}, {"type", "HEIGHT"}, {"value", "180"}});
      refused("auth.logout", "POST", "/api/v1/auth/logout", nullptr);
    }
    // Its own clinic's name changes nothing.
    actor.named_clinic = actor.token_clinic;
    Expect(actor, "appointments.availability", "GET",
           absl::StrCat("/api/v1/appointments/doctor/", theirs.doctor_id,
                        "/availability?date=2031-01-01"),
           nullptr, 404);
  }
}

TEST_F(TenancyLeakTest, AClinicInTheBodyIsRefused) {
  for (const Actor& actor : Actors(0)) {
    for (const char* field : {"clinicId", "clinic_id", "role", "userRole"}) {
      boost::json::object visit =
          Visit(User(EntityKind::kDoctor, 1, 0).id, User(EntityKind::kPatient, 1, 0).id);
      visit[field] = ClinicId(1);
      Expect(actor, "appointments.create", "POST", "/api/v1/appointments", visit,
             May(actor.role, "appointments.create") ? 400 : 403);
      const boost::json::object vital = {{"userId", User(EntityKind::kPatient, 1, 0).id},
                                         {"type", "HEIGHT"},
                                         {"value", "180"},
                                         {field, ClinicId(1)}};
      Expect(actor, "ehr.add_vitals", "POST", "/api/v1/ehr/vitals", vital,
             May(actor.role, "ehr.add_vitals") ? 400 : 403);
    }
  }
}

TEST_F(TenancyLeakTest, PublicOperationsTellNothing) {
  const Actor nobody = {"nobody", Role::kPatient, kNobody, kNobody, "", ""};
  Expect(nobody, "health", "GET", "/health", nullptr, 200);
  Expect(nobody, "health.live", "GET", "/health/live", nullptr, 200);
  Expect(nobody, "health.ready", "GET", "/health/ready", nullptr, 200);
  Expect(nobody, "metrics", "GET", "/metrics", nullptr, 200);
  const std::string email = User(EntityKind::kDoctor, 1, 0).email;
  Expect(nobody, "auth.login", "POST", "/api/v1/auth/login",
         {{"email", email}, {"password", "wrong"}}, 401);
  Expect(nobody, "auth.refresh", "POST", "/api/v1/auth/refresh", {{"refreshToken", "x.y.z"}}, 401);
  // No token at all, on everything else.
  for (const auto& [operation, roles] : Permissions()) {
    const server::Route& route =
        server::Routes()[static_cast<size_t>(server::RouteIndex(operation))];
    const std::string path = absl::StrReplaceAll(
        std::string(route.path), {{":doctorId", kNobody}, {":userId", kNobody}, {":id", kNobody}});
    Expect(nobody, operation, std::string(server::MethodName(route.method)), path, nullptr, 401);
  }
  // A new operation must come into this matrix.
  for (const server::Route& route : server::Routes()) {
    EXPECT_TRUE(operations_.contains(std::string(route.operation))) << route.operation;
  }
}

std::string WithPart(const std::string& token, size_t part, const std::string& value) {
  std::vector<std::string> parts = absl::StrSplit(token, '.');
  parts.at(part) = value;
  return absl::StrCat(parts[0], ".", parts[1], ".", parts[2]);
}

TEST_F(TenancyLeakTest, ForgedTokensAreRefused) {
  const Entity doctor = User(EntityKind::kDoctor, 0, 0);
  const server::TokenClaims claims = server_->Claims(Role::kDoctor, doctor.id, doctor.clinic_id);
  const server::SigningKey& key = server_->key();
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

TEST_F(TenancyLeakTest, AfterSignOutNothingOfTheSessionWorks) {
  const Entity doctor = User(EntityKind::kDoctor, 0, 0);
  ApiClient client(server_->port());
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
TEST_F(TenancyLeakTest, CachedAnswersStayWithTheirClinicAndRole) {
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
            actor.token = server_->TokenOf(patient);
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
TEST_F(TenancyLeakTest, EveryAttemptOnPhiIsRecorded) {
  struct Row {
    int count = 0;
    std::string outcome;
    std::string clinic;
    std::string actor;
  };
  std::map<std::string, Row> rows;
  absl::SleepFor(absl::Seconds(1));  // nobody waits for the records of refusals
  pqxx::connection connection(server_->handle().database_url);
  pqxx::nontransaction query(connection);
  for (const auto& row : query.exec("SELECT request_id, outcome, coalesce(clinic_id::text, ''), "
                                    "actor_id::text FROM audit_log")) {
    Row& found = rows[row[0].as<std::string>()];
    ++found.count;
    found.outcome = row[1].as<std::string>();
    found.clinic = row[2].as<std::string>();
    found.actor = row[3].as<std::string>();
  }
  int denied = 0;
  for (const auto& [id, attempt] : audited_) {
    if (attempt.outcome.empty()) {
      EXPECT_FALSE(rows.contains(id)) << attempt.what;
      continue;
    }
    denied += attempt.outcome == "denied";
    const auto row = rows.find(id);
    if (row == rows.end()) {
      ADD_FAILURE() << "no record of: " << attempt.what;
      continue;
    }
    EXPECT_EQ(row->second.outcome, attempt.outcome) << attempt.what;
    EXPECT_EQ(row->second.clinic, attempt.clinic) << attempt.what;
    EXPECT_EQ(row->second.actor, attempt.actor) << attempt.what;
  }
  EXPECT_GT(denied, 100);
  EXPECT_EQ(query.exec("SELECT * FROM audit_gaps()").size(), 0);
  RecordProperty("requests", requests_);
  std::printf("%d requests, %zu of them on PHI, %d denied\n", requests_, audited_.size(), denied);
}

}  // namespace
}  // namespace tests
