#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "devstack/stack.h"
#include "tests/support/api_client.h"
#include "tests/support/clinic_server.h"

namespace tests {

// A server on a PostgreSQL and a Redis Cluster that the test may stop or freeze, and what any test
// of it asks: requests, bodies that are right, and whether it serves or says that it cannot. One
// for all tests of a suite; one thread, but for Ask().
class ServedStack : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto stack = devstack::Stack::Start({});
    ASSERT_TRUE(stack.ok()) << stack.status();
    stack_ = stack->release();
    auto started = ClinicServer::Start(
        {"--database_url=" + stack_->database_url(), "--redis_url=" + stack_->redis_url()});
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = started->release();
    const model::Catalogue& all = server_->catalogue();
    doctor_ = all.Get(model::EntityKind::kDoctor, 0).id;
    patient_ = all.Get(model::EntityKind::kPatient, 0).id;
    receptionist_ = server_->TokenOf(all.Get(model::EntityKind::kReceptionist, 0));
    doctors_token_ = server_->TokenOf(all.Get(model::EntityKind::kDoctor, 0));
  }
  static void TearDownTestSuite() {
    if (server_ != nullptr) {
      EXPECT_TRUE(server_->Stop().ok());
      delete server_;
    }
    delete stack_;
  }

  static ApiAnswer Ask(const std::string& method, const std::string& path,
                       const std::string& token = "", const std::string& body = "",
                       const std::string& headers = "") {
    ApiClient client(server_->port());
    client.SetToken(token);
    const auto answer = client.Send(method, path, body, headers);
    EXPECT_TRUE(answer.ok()) << method << " " << path << ": " << answer.status();
    return answer.value_or(ApiAnswer());
  }
  static std::string FieldOf(const ApiAnswer& answer) {
    const boost::json::object* top = answer.json.if_object();
    if (top == nullptr || !top->contains("error")) return "no error";
    const boost::json::object& error = top->at("error").as_object();
    return error.contains("field") ? std::string(error.at("field").as_string()) : "";
  }
  static boost::json::object Visit(int slot) {
    return {{"patientId", patient_},
            {"doctorId", doctor_},
            {"date", model::Day(absl::CivilDay(2032, 1, 1), slot / model::kSlotsPerDay)},
            {"time", model::SlotTime(slot % model::kSlotsPerDay)},
            {"type", "IN_PERSON"}};
  }
  static boost::json::object Vital() {
    return {{"userId", patient_},
            {"type", "WEIGHT"},
            {"value", "80"},
            {"recordedAt", "2030-01-31T08:00:00Z"}};
  }
  static std::string RecordPath() { return "/api/v1/ehr/comprehensive/" + patient_; }
  static std::string DayPath(const std::string& date) {
    return absl::StrCat("/api/v1/appointments/doctor/", doctor_, "/availability?date=", date);
  }
  // True as soon as `path` answers with `status`; false after `patience`.
  static bool Becomes(const std::string& path, int status, absl::Duration patience) {
    const absl::Time until = absl::Now() + patience;
    do {
      if (Ask("GET", path, doctors_token_).status == status) return true;
      absl::SleepFor(absl::Milliseconds(100));
    } while (absl::Now() < until);
    return false;
  }
  static int64_t CountOf(const std::string& sql) {
    pqxx::connection connection(stack_->database_url());
    pqxx::nontransaction query(connection);
    return query.exec1(sql)[0].as<int64_t>();
  }
  // What may be asked of a server whose database is away.
  static void ExpectUnavailable() {
    for (const std::string& path :
         {RecordPath(), DayPath("2033-01-01"), std::string("/api/v1/appointments")}) {
      const ApiAnswer answer = Ask("GET", path, doctors_token_);
      EXPECT_EQ(answer.status, 503) << path << answer.body;
      EXPECT_TRUE(absl::StrContains(answer.headers, "Retry-After: ")) << path;
      EXPECT_FALSE(absl::StrContains(answer.body, patient_)) << answer.body;
      EXPECT_EQ(Ask("GET", "/health/live").status, 200);
    }
    const ApiAnswer booked =
        Ask("POST", "/api/v1/appointments", receptionist_, boost::json::serialize(Visit(500)));
    EXPECT_EQ(booked.status, 503) << booked.body;
    const ApiAnswer login =
        Ask("POST", "/api/v1/auth/login", "", R"({"email":"a@b.example","password":"x"})");
    EXPECT_EQ(login.status, 503) << login.body;
  }
  static void ExpectServing() {
    EXPECT_TRUE(Becomes("/health/ready", 200, absl::Seconds(20)));
    EXPECT_TRUE(Becomes(RecordPath(), 200, absl::Seconds(5)));
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(Ask("GET", RecordPath(), doctors_token_).status, 200);
    }
  }

  static inline devstack::Stack* stack_ = nullptr;
  static inline ClinicServer* server_ = nullptr;
  static inline std::string doctor_;
  static inline std::string patient_;
  static inline std::string receptionist_;
  static inline std::string doctors_token_;
};

}  // namespace tests
