#include "tests/e2e/leak_matrix.h"

#include <optional>
#include <pqxx/pqxx>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "server/routes/route_table.h"

namespace tests {

using model::Entity;
using model::EntityKind;
using server::Role;

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

namespace {

std::string Planted(const std::string& patient_id) { return "planted-for-" + patient_id; }

}  // namespace

void LeakMatrix::SetUpTestSuite() {
  auto started = ClinicServer::Start();
  ASSERT_TRUE(started.ok()) << started.status();
  server_ = started->release();
  for (uint64_t clinic = 0; clinic < 2; ++clinic) {
    for (uint64_t patient = 0; patient < 2; ++patient) Plant(clinic, patient);
  }
  CollectMarks();
}
void LeakMatrix::TearDownTestSuite() {
  if (server_ == nullptr) return;
  EXPECT_TRUE(server_->Stop().ok());
  delete server_;
}

Entity LeakMatrix::User(EntityKind kind, uint64_t clinic, uint64_t k) {
  const model::Catalogue& all = server_->catalogue();
  return all.Get(kind, all.InClinic(clinic, k));
}
std::string LeakMatrix::ClinicId(uint64_t clinic) { return server_->catalogue().clinic(clinic).id; }

// A visit with notes and a vital that can be recognised anywhere.
void LeakMatrix::Plant(uint64_t clinic, uint64_t k) {
  const std::string patient = User(EntityKind::kPatient, clinic, k).id;
  ApiClient client(server_->port());
  client.SetToken(server_->TokenOf(User(EntityKind::kReceptionist, clinic, 0)));
  const auto vital = client.Post(
      "/api/v1/ehr/vitals", {{"userId", patient}, {"type", "WEIGHT"}, {"value", Planted(patient)}});
  ASSERT_TRUE(vital.ok() && vital->status == 201) << vital.status();
  appointments_[patient] = Book(clinic, patient);
}

// The next free slot of the clinic's first doctor, as a request.
boost::json::object LeakMatrix::Visit(const std::string& doctor, const std::string& patient) {
  const int slot = next_slot_++;
  return {{"patientId", patient},
          {"doctorId", doctor},
          {"date", model::Day(absl::CivilDay(2031, 1, 1), slot / model::kSlotsPerDay)},
          {"time", model::SlotTime(slot % model::kSlotsPerDay)},
          {"type", "IN_PERSON"},
          {"notes", Planted(patient)}};
}

std::string LeakMatrix::Book(uint64_t clinic, const std::string& patient) {
  ApiClient client(server_->port());
  client.SetToken(server_->TokenOf(User(EntityKind::kReceptionist, clinic, 0)));
  const auto answer =
      client.Post("/api/v1/appointments", Visit(User(EntityKind::kDoctor, clinic, 0).id, patient));
  EXPECT_TRUE(answer.ok() && answer->status == 201) << answer.status();
  if (!answer.ok() || answer->status != 201) return kNobody;
  std::string id(answer->json.at("data").at("id").as_string());
  marks_of_patient_[patient].insert(id);
  marks_of_clinic_[ClinicId(clinic)].insert(id);
  return id;
}

// Everything in the database that tells whose an answer is.
void LeakMatrix::CollectMarks() {
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

void LeakMatrix::ExpectNoLeak(const Actor& actor, const ApiAnswer& answer,
                              const std::string& what) {
  for (const auto& [clinic, marks] : marks_of_clinic_) {
    if (clinic == actor.clinic()) continue;
    for (const std::string& mark : marks) {
      EXPECT_FALSE(absl::StrContains(answer.body, mark) || absl::StrContains(answer.headers, mark))
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
ApiAnswer LeakMatrix::Expect(const Actor& actor, const std::string& operation,
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

std::vector<Actor> LeakMatrix::Actors(uint64_t clinic) {
  const std::string id = ClinicId(clinic);
  std::vector<Actor> actors = {{"super admin without clinic", Role::kSuperAdmin, kRoot, "", "", ""},
                               {"super admin", Role::kSuperAdmin, kRoot, "", id, ""},
                               {"nurse", Role::kNurse, kNurse, id, "", ""}};
  for (EntityKind kind : {EntityKind::kClinicAdmin, EntityKind::kDoctor, EntityKind::kReceptionist,
                          EntityKind::kPatient}) {
    const Entity user = User(kind, clinic, 0);
    actors.push_back({std::string(user.role), *server::ParseRole(user.role), user.id, id, "", ""});
  }
  for (Actor& actor : actors) {
    actor.token = server_->Token(actor.role, actor.user_id, actor.token_clinic);
  }
  return actors;
}

std::vector<Target> LeakMatrix::Targets(uint64_t clinic) {
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
int LeakMatrix::Status(const Actor& actor, const std::string& operation, Whose whose, int found,
                       int not_own) {
  if (!May(actor.role, operation)) return 403;
  if (actor.clinic().empty()) return 400;
  if (actor.role == Role::kPatient && whose != Whose::kOwn) return not_own;
  if (whose == Whose::kOtherClinic || whose == Whose::kNobody) return 404;
  return found;
}

void LeakMatrix::ProbeTarget(const Actor& actor, uint64_t clinic, const Target& target) {
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
  Expect(
      actor, "appointments.get", "GET",
      absl::StrCat("/api/v1/appointments/", target.appointment_id, "?clinicId=", target.clinic_id),
      nullptr, status("appointments.get", 200, 404));
  Expect(
      actor, "ehr.comprehensive", "GET",
      absl::StrCat("/api/v1/ehr/comprehensive/", target.patient_id, "?clinicId=", target.clinic_id),
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

void LeakMatrix::ProbeLists(const Actor& actor, const Target& target, bool known_doctor) {
  const int list = Status(actor, "appointments.list", Whose::kOwn, 200, 200);
  const ApiAnswer answer = Expect(
      actor, "appointments.list", "GET",
      absl::StrCat("/api/v1/appointments?limit=100&doctorId=", target.doctor_id), nullptr, list);
  if (answer.status == 200 && !known_doctor) {
    EXPECT_EQ(answer.json.at("data").at("pagination").at("total").as_int64(), 0) << answer.body;
  }
  Expect(actor, "appointments.list", "GET",
         absl::StrCat("/api/v1/appointments?limit=100&clinicId=", target.clinic_id), nullptr, list);
  Expect(
      actor, "appointments.mine", "GET",
      absl::StrCat("/api/v1/appointments/my-appointments?limit=100&patientId=", target.patient_id),
      nullptr, Status(actor, "appointments.mine", Whose::kOwn, 200, 200));
}

void LeakMatrix::ExpectAttemptsRecorded(int least_denied) {
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
  EXPECT_GE(denied, least_denied);
  EXPECT_EQ(query.exec("SELECT * FROM audit_gaps()").size(), 0);
  RecordProperty("requests", requests_);
  std::printf("%d requests, %zu of them on PHI, %d denied\n", requests_, audited_.size(), denied);
}

}  // namespace tests
