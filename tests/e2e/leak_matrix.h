#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/catalogue.h"
#include "server/routes/role.h"
#include "tests/support/api_client.h"
#include "tests/support/clinic_server.h"

namespace tests {

// Ids that belong to nobody's data.
inline constexpr char kNobody[] = "99999999-9999-4999-8999-999999999999";
inline constexpr char kNurse[] = "88888888-8888-4888-8888-888888888888";
inline constexpr char kRoot[] = "77777777-7777-4777-8777-777777777777";

// Who may do what, written out once more and not read from the route table: operation -> letters
// of the roles. S super admin, C clinic admin, D doctor, N nurse, R receptionist, P patient.
const std::map<std::string, std::string>& Permissions();
bool May(server::Role role, const std::string& operation);

// Somebody who asks.
struct Actor {
  std::string name;
  server::Role role;
  std::string user_id;
  std::string token_clinic;
  std::string named_clinic;  // X-Clinic-ID; empty: none
  std::string token;
  // Where the actor's requests work; empty: nowhere.
  std::string clinic() const {
    return role == server::Role::kSuperAdmin && !named_clinic.empty() ? named_clinic : token_clinic;
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

// A running server with two clinics of two patients each, whose visits and vitals carry marks that
// are recognised wherever they show up. Every request goes through Expect(), which checks the
// status, that the answer holds no mark of another clinic (or, for a patient, of another patient),
// and remembers what the audit log must hold; ExpectAttemptsRecorded() then looks there.
//
// One server for all tests of a suite; one thread.
class LeakMatrix : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  static model::Entity User(model::EntityKind kind, uint64_t clinic, uint64_t k);
  static std::string ClinicId(uint64_t clinic);
  static ClinicServer& Server() { return *server_; }

  // One of every role in the clinic; the super admin once with and once without it.
  static std::vector<Actor> Actors(uint64_t clinic);
  // Seen from the clinic's first patient: own, of another patient, of another clinic, of nobody.
  static std::vector<Target> Targets(uint64_t clinic);

  // The body of a booking: the next free slot, far in the future.
  static boost::json::object Visit(const std::string& doctor, const std::string& patient);

  // Sends and checks as said above; the answer, empty when there was none.
  static ApiAnswer Expect(const Actor& actor, const std::string& operation,
                          const std::string& method, const std::string& path,
                          const boost::json::value& body, int status);
  // The status that permissions ask for: `found` when everything is right, `not_own` for a patient
  // who asks for what is not their own.
  static int Status(const Actor& actor, const std::string& operation, Whose whose, int found,
                    int not_own);
  // Every operation by the actor on the target.
  static void ProbeTarget(const Actor& actor, uint64_t clinic, const Target& target);

  // Last test of a suite: each attempt on PHI so far has its one record, with outcome, clinic and
  // actor; what needs none has none; at least `least_denied` of them were denied.
  static void ExpectAttemptsRecorded(int least_denied);

  static const std::set<std::string>& operations() { return operations_; }
  static int requests() { return requests_; }

 private:
  struct Attempt {
    std::string outcome;  // empty: no record
    std::string clinic;
    std::string actor;
    std::string what;
  };

  static void Plant(uint64_t clinic, uint64_t k);
  static std::string Book(uint64_t clinic, const std::string& patient);
  static void CollectMarks();
  static void ExpectNoLeak(const Actor& actor, const ApiAnswer& answer, const std::string& what);
  static void ProbeLists(const Actor& actor, const Target& target, bool known_doctor);

  static inline ClinicServer* server_ = nullptr;
  static inline int next_slot_ = 0;
  static inline int requests_ = 0;
  static inline std::map<std::string, std::string> appointments_;  // by patient
  static inline std::map<std::string, std::set<std::string>> marks_of_clinic_;
  static inline std::map<std::string, std::set<std::string>> marks_of_patient_;
  static inline std::set<std::string> operations_;        // that were asked for
  static inline std::map<std::string, Attempt> audited_;  // by request id
};

}  // namespace tests
