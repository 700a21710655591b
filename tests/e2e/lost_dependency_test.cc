// Wrong flags, and the databases going away while the server runs: each has one clear answer, and
// everything comes back afterwards.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "base/ports.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"
#include "tests/e2e/served_stack.h"

namespace tests {
namespace {

class LostDependencyTest : public ServedStack {};

// Processes whose command line names `text`.
int ProcessesNaming(const std::string& text) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    count += absl::StrContains(line, text);
  }
  return count;
}

// A port of this machine that somebody else listens on.
class ForeignPort {
 public:
  ForeignPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
  }
  ~ForeignPort() { close(socket_); }
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

struct Mistake {
  std::vector<std::string> flags;
  std::string says;
};

// Runs the server with wrong flags: one line that says what is wrong, an exit code, nothing left.
void ExpectRefused(const std::string& folder, const Mistake& mistake) {
  std::vector<std::string> argv = {base::Runfile("server/server").value(), "--data_dir=" + folder};
  argv.insert(argv.end(), mistake.flags.begin(), mistake.flags.end());
  const absl::Time began = absl::Now();
  const auto output = base::RunCommand(argv, absl::Seconds(15));
  ASSERT_TRUE(output.ok()) << mistake.flags.back() << ": " << output.status();
  EXPECT_EQ(output->exit.signal, 0) << mistake.flags.back();
  EXPECT_NE(output->exit.code, 0) << mistake.flags.back();
  EXPECT_TRUE(absl::StrContains(output->err, mistake.says)) << output->err;
  EXPECT_EQ(std::count(output->err.begin(), output->err.end(), '\n'), 1) << output->err;
  EXPECT_LT(absl::Now() - began, absl::Seconds(12)) << mistake.flags.back();
  EXPECT_EQ(ProcessesNaming(folder), 0) << mistake.flags.back();
}

TEST_F(LostDependencyTest, WrongFlagsAreOneClearLineAndLeaveNothingRunning) {
  const auto port = base::ClaimFreePorts(1);
  ASSERT_TRUE(port.ok());
  const ForeignPort foreign;
  ASSERT_TRUE(base::WriteFile(server_->folder() + "/file", "x").ok());
  ASSERT_TRUE(base::WriteFile(server_->folder() + "/key", R"({"kid":"k","key_hex":"12"})").ok());
  const std::string database = "--database_url=" + stack_->database_url();
  const std::string redis = "--redis_url=" + stack_->redis_url();
  const std::string nobody = absl::StrCat("127.0.0.1:", port->front().port());
  std::string wrong_password = database;
  wrong_password.replace(wrong_password.find("praxis:") + 7, 1, "_");
  const std::vector<Mistake> mistakes = {
      {{"--no_such_flag=1"}, "no_such_flag"},
      {{"--port=many"}, "port"},
      {{"--port=70000"}, "--port=70000"},
      {{"--workers=-1"}, "--workers=-1"},
      {{absl::StrCat("--port=", server_->port()), database, redis},
       absl::StrCat("port ", server_->port())},
      {{absl::StrCat("--port=", foreign.port()), database, redis},
       absl::StrCat("port ", foreign.port())},
      {{"--port=0", "--host=300.1.1.1", database, redis}, "--host=300.1.1.1"},
      {{"--port=0", redis, absl::StrCat("--database_url=postgresql://a:b@", nobody, "/x")},
       "--database_url"},
      {{"--port=0", redis, "--database_url=nonsense"}, "--database_url"},
      {{"--port=0", redis, wrong_password}, "--database_url"},
      {{"--port=0", database, "--redis_url=" + nobody}, "--redis_url"},
      {{"--port=0", database, "--redis_url=nonsense"}, "redis_url"},
      {{"--port=0", database, "--redis_url=127.0.0.1:0"}, "redis_url"},
      {{"--port=0", database, "--redis_url=127.0.0.1:99999"}, "redis_url"},
      {{"--port=0", database, redis}, "--signing_key_file"},  // a key of its own
      {{"--port=0", database, redis, "--signing_key_file=" + server_->folder() + "/key"}, "/key"},
      {{"--port=0", database, redis, "--data_dir=" + server_->folder() + "/file"}, "/file"}};
  for (const Mistake& mistake : mistakes) ExpectRefused(server_->folder() + "/mistakes", mistake);
}

TEST_F(LostDependencyTest, WithoutRedisAnswersAreTheSame) {
  const std::string day = "2034-05-05";
  auto slots = [&] { return Ask("GET", DayPath(day), doctors_token_).json.at("data"); };
  const boost::json::value before = slots();
  const boost::json::value record = Ask("GET", RecordPath(), doctors_token_).json.at("data");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(slots(), before);  // cached by now
  for (pid_t pid : stack_->redis_pids()) ASSERT_EQ(kill(pid, SIGKILL), 0);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(slots(), before);
    EXPECT_EQ(Ask("GET", RecordPath(), doctors_token_).json.at("data"), record);
  }
  EXPECT_EQ(Ask("GET", "/health/ready").status, 200);
  // Writes show at once, on every connection.
  for (int i = 0; i < 3; ++i) {
    boost::json::object visit = Visit(0);
    visit["date"] = day;
    visit["time"] = model::SlotTime(i);
    const ApiAnswer booked =
        Ask("POST", "/api/v1/appointments", receptionist_, boost::json::serialize(visit));
    ASSERT_EQ(booked.status, 201) << booked.body;
    boost::json::object vital = Vital();
    vital["value"] = absl::StrCat("without redis ", i);
    EXPECT_EQ(
        Ask("POST", "/api/v1/ehr/vitals", receptionist_, boost::json::serialize(vital)).status,
        201);
    for (int connection = 0; connection < 4; ++connection) {
      EXPECT_EQ(slots().at("bookedSlots").as_array().size(), static_cast<size_t>(i + 1));
      EXPECT_TRUE(absl::StrContains(Ask("GET", RecordPath(), doctors_token_).body,
                                    absl::StrCat("without redis ", i)));
    }
  }
}

// The worst way to be away: connections stay, nobody answers.
TEST_F(LostDependencyTest, AFrozenDatabaseIs503) {
  ExpectServing();
  const std::vector<pid_t> frozen = base::ProcessTree(stack_->postgres_pid());
  for (pid_t pid : frozen) kill(pid, SIGSTOP);
  const absl::Time began = absl::Now();
  EXPECT_EQ(Ask("GET", RecordPath(), doctors_token_).status, 503);
  EXPECT_LT(absl::Now() - began, absl::Seconds(4));
  EXPECT_TRUE(Becomes("/health/ready", 503, absl::Seconds(8)));
  EXPECT_EQ(Ask("GET", "/health/live").status, 200);
  for (pid_t pid : frozen) kill(pid, SIGCONT);
  ExpectServing();
}

TEST_F(LostDependencyTest, AStoppedDatabaseIs503UntilItIsBack) {
  ASSERT_EQ(kill(stack_->postgres_pid(), SIGQUIT), 0);
  for (int i = 0; i < 100 && stack_->postgres()->CheckAlive().ok(); ++i) {
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_TRUE(Becomes("/health/ready", 503, absl::Seconds(5)));
  ExpectUnavailable();
  base::SubprocessOptions again;
  again.argv = {"/usr/lib/postgresql/15/bin/postgres", "-D",
                stack_->data_dir() + "/postgres/cluster"};
  if (geteuid() == 0) again.user = "postgres";
  again.working_directory = stack_->data_dir() + "/postgres";
  again.log_file = stack_->data_dir() + "/postgres/again.log";
  auto postgres = base::Subprocess::Start(again);
  ASSERT_TRUE(postgres.ok()) << postgres.status();
  ExpectServing();
  EXPECT_EQ(CountOf("SELECT count(*) FROM audit_gaps()"), 0);
  EXPECT_EQ(CountOf("SELECT count(*) FROM (SELECT 1 FROM appointments WHERE status = 'SCHEDULED' "
                    "GROUP BY doctor_id, slot_start HAVING count(*) > 1) AS twice"),
            0);
  EXPECT_TRUE(server_->Stop().ok());
  delete server_;
  server_ = nullptr;
  EXPECT_TRUE(postgres->Terminate(absl::Seconds(10), SIGINT).ok());
}

}  // namespace
}  // namespace tests
