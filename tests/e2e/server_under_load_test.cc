// The server with its real PostgreSQL and Redis Cluster under the load generator: what the one
// counts the other has counted, every PHI response has its audit row, and a worker that is killed
// loses nothing it has acknowledged.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/paths.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"
#include "model/catalogue.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "simulator/calibration/observation.h"
#include "tests/support/api_client.h"
#include "tools/demo/child_server.h"
#include "tools/demo/measured_facts.h"

namespace tests {
namespace {

double FactOf(const model::CheckReport& report, const std::string& name) {
  for (const model::Fact& fact : report.facts()) {
    if (fact.name() == name) return fact.value();
  }
  ADD_FAILURE() << "no fact " << name;
  return -1;
}

// A worker process: the supervisor's child that is the server's own program.
pid_t FindWorker(pid_t supervisor) {
  const std::string program =
      std::filesystem::read_symlink(absl::StrCat("/proc/", supervisor, "/exe"));
  for (pid_t pid : base::ProcessTree(supervisor)) {
    std::error_code error;
    const auto exe = std::filesystem::read_symlink(absl::StrCat("/proc/", pid, "/exe"), error);
    if (pid != supervisor && !error && exe == program) return pid;
  }
  return -1;
}

class ServerUnderLoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = base::MakeTemporaryFolder("praxis-e2e-");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<base::FolderRemover>(*folder);
    // Started by root, PostgreSQL runs as another user and must be able to pass through.
    ASSERT_EQ(chmod(folder->c_str(), 0711), 0);
    demo::ChildServerOptions options;
    options.binary = base::Runfile("server/server").value();
    options.data_dir = *folder + "/server";
    options.log_file = *folder + "/server.log";
    auto server = demo::ChildServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status() << "\n"
                             << base::ReadFile(options.log_file).value_or("");
    server_ = std::make_unique<demo::ChildServer>(*std::move(server));
    MintTokens();
  }

  void TearDown() override {
    if (server_ == nullptr) return;
    EXPECT_TRUE(server_->Stop().ok());
  }

  void MintTokens() {
    auto output =
        base::RunCommand({base::Runfile("tools/mint/mint").value(),
                          absl::StrCat("--signing_key_file=", server_->handle().signing_key_file),
                          "--patients=500", "--doctors=50", "--receptionists=10"},
                         absl::Seconds(20));
    ASSERT_TRUE(output.ok() && output->exit.ok()) << output->err;
    tokens_ = output->out;
    ASSERT_TRUE(base::WriteFile(folder_->path() + "/tokens.txt", tokens_, 0600).ok());
  }

  // Token of the first user of `role`: lines are "ROLE index userId clinicId token".
  std::string TokenOf(const std::string& role) const {
    for (absl::string_view line : absl::StrSplit(tokens_, '\n')) {
      const std::vector<std::string> parts = absl::StrSplit(line, ' ');
      if (parts.size() == 5 && parts[0] == role) return parts[4];
    }
    ADD_FAILURE() << "no token for " << role;
    return "";
  }

  model::Result RunLoad(absl::Duration duration) {
    const std::string out = folder_->path() + "/result.json";
    base::SubprocessOptions load;
    load.argv = {base::Runfile("loadgen/loadgen").value(),
                 "run",
                 base::Runfile("scenarios/clinic_day.yaml").value(),
                 absl::StrCat("--target=", server_->url()),
                 "--vus=200",
                 absl::StrCat("--duration=", absl::FormatDuration(duration)),
                 "--think_time_scale=0.02",
                 absl::StrCat("--tokens=", folder_->path(), "/tokens.txt"),
                 absl::StrCat("--out=", out)};
    auto output = base::RunCommand(load, duration + absl::Seconds(30));
    EXPECT_TRUE(output.ok()) << output.status();
    if (output.ok()) {
      EXPECT_TRUE(output->exit.code == 0 || output->exit.code == 99) << output->err;
    }
    auto result = model::ReadJson<model::Result>(out);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(model::Result());
  }

  std::unique_ptr<base::FolderRemover> folder_;
  std::unique_ptr<demo::ChildServer> server_;
  std::string tokens_;
};

// Requests over the whole run by operation, as the load generator finished them.
std::map<std::string, double> CountedByLoad(const model::Result& result) {
  constexpr absl::string_view kPrefix = "requests_whole_run.";
  std::map<std::string, double> counts;
  for (const model::Quantity& quantity : result.quantities()) {
    if (absl::StartsWith(quantity.name(), kPrefix)) {
      counts[quantity.name().substr(kPrefix.size())] = quantity.value();
    }
  }
  return counts;
}

TEST_F(ServerUnderLoadTest, BothSidesCountTheSameAndEveryPhiResponseIsAudited) {
  const model::Result result = RunLoad(absl::Seconds(4));
  auto seen = simulator::Observe(server_->handle());
  ASSERT_TRUE(seen.ok()) << seen.status();
  const auto counted = CountedByLoad(result);
  ASSERT_FALSE(counted.empty());
  constexpr double kInFlightAtTheEnd = 200;  // one a user at most
  for (const auto& [operation, requests] : counted) {
    EXPECT_GE(seen->operations[operation].requests, requests) << operation;
    EXPECT_LE(seen->operations[operation].requests, requests + kInFlightAtTheEnd) << operation;
  }
  auto facts = demo::MeasureFacts(server_->handle());
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_GT(FactOf(*facts, "phi_responses"), 100);
  EXPECT_EQ(FactOf(*facts, "phi_responses_without_audit_row"), 0);
  EXPECT_EQ(FactOf(*facts, "audit_sequence_gaps"), 0);
  EXPECT_EQ(FactOf(*facts, "double_bookings"), 0);
}

// Books slots one after the other; in the middle a worker is killed. Every acknowledged booking
// must be in the database exactly once, and the counters must not start again at zero.
TEST_F(ServerUnderLoadTest, AKilledWorkerLosesNothingAcknowledged) {
  const model::Catalogue catalogue{model::CatalogueSizes{}};
  ApiClient client(server_->handle().port, absl::Seconds(5));
  client.SetToken(TokenOf("RECEPTIONIST"));
  const model::Entity receptionist = catalogue.receptionist(0);
  std::set<std::string> acknowledged;
  double requests_before_kill = 0;
  int broken = 0;
  for (int i = 0; i < 400; ++i) {
    if (i == 200) {
      auto seen = simulator::Observe(server_->handle());
      ASSERT_TRUE(seen.ok());
      requests_before_kill = seen->operations["appointments.create"].requests;
      const pid_t worker = FindWorker(server_->handle().pid);
      ASSERT_GT(worker, 0);
      ASSERT_EQ(kill(worker, SIGKILL), 0);
    }
    const absl::CivilDay day = absl::CivilDay(2031, 1, 1) + i / model::kSlotsPerDay;
    boost::json::object body;
    body["patientId"] = catalogue.patient(catalogue.InClinic(receptionist.clinic_index, 0)).id;
    body["doctorId"] = catalogue.doctor(catalogue.InClinic(receptionist.clinic_index, 0)).id;
    body["date"] = model::Day(day, 0);
    body["time"] = model::SlotTime(i % model::kSlotsPerDay);
    body["type"] = "IN_PERSON";
    auto answer = client.Post("/api/v1/appointments", body);
    // A broken connection or, from a worker that has no database connection yet, 503: not
    // acknowledged, so nothing may be concluded.
    if (!answer.ok() || answer->status == 503) {
      ++broken;
      absl::SleepFor(absl::Milliseconds(50));
      continue;
    }
    ASSERT_EQ(answer->status, 201) << answer->body;
    acknowledged.insert(std::string(answer->json.at("data").at("id").as_string()));
  }
  EXPECT_LT(broken, 40) << "the dead worker was not replaced";
  pqxx::connection connection(server_->handle().database_url);
  pqxx::nontransaction query(connection);
  std::multiset<std::string> stored;
  for (const auto& row : query.exec("SELECT appointment_id::text FROM appointments")) {
    stored.insert(row[0].as<std::string>());
  }
  for (const std::string& id : acknowledged) EXPECT_EQ(stored.count(id), 1) << id;
  auto seen = simulator::Observe(server_->handle());
  ASSERT_TRUE(seen.ok());
  EXPECT_GE(seen->operations["appointments.create"].requests, requests_before_kill + 150);
  auto facts = demo::MeasureFacts(server_->handle());
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(FactOf(*facts, "phi_responses_without_audit_row"), 0);
  EXPECT_EQ(FactOf(*facts, "audit_sequence_gaps"), 0);
}

}  // namespace
}  // namespace tests
