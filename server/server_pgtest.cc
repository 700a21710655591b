#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"
#include "model/catalogue.h"

// The program as people start it: supervisor, two workers, private PostgreSQL and Redis Cluster.

namespace server {
namespace {

struct Answer {
  int status = 0;  // 0: no answer
  std::string text;
  boost::json::value body() const {
    return boost::json::parse(text.substr(text.find("\r\n\r\n") + 4));
  }
};

// One request on a connection of its own, so that both workers get their share.
Answer Ask(int port, const std::string& method, const std::string& path,
           const std::string& token = "", const std::string& body = "") {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit = {10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Answer answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    std::string request =
        absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n",
                     token.empty() ? "" : absl::StrCat("Authorization: Bearer ", token, "\r\n"),
                     "Content-Length: ", body.size(), "\r\n\r\n", body);
    send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char buffer[65536];
    for (ssize_t n; (n = recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
      answer.text.append(buffer, static_cast<size_t>(n));
    }
    if (answer.text.size() > 12) answer.status = std::stoi(answer.text.substr(9, 3));
  }
  close(fd);
  return answer;
}

class ServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Under the system's temporary folder: the user postgres must be able to enter it.
    folder_ = new base::FolderRemover(*base::MakeTemporaryFolder("praxis-server-test-"));
    ASSERT_EQ(chmod(folder_->path().c_str(), 0711), 0);
    binary_ = *base::Runfile("server/server");
    auto started =
        base::Subprocess::Start({.argv = {binary_, "--port=0", "--data_dir=" + data_dir(),
                                          "--seed_clinics=2", "--seed_patients_per_clinic=5"},
                                 .log_file = folder_->path() + "/log",
                                 .death_signal = SIGTERM});
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = new base::Subprocess(*std::move(started));
    for (int i = 0; i < 600 && !base::ReadFile(ServerFile()).ok(); ++i) {
      ASSERT_TRUE(server_->running()) << *base::ReadFile(folder_->path() + "/log");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    const auto text = base::ReadFile(ServerFile());
    ASSERT_TRUE(text.ok()) << *base::ReadFile(folder_->path() + "/log");
    facts_ = new boost::json::object(boost::json::parse(*text).as_object());
    port_ = static_cast<int>(facts_->at("port").as_int64());
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }
  static std::string data_dir() { return folder_->path() + "/data"; }
  static std::string ServerFile() { return data_dir() + "/server.json"; }
  static std::string Fact(const char* name) { return std::string(facts_->at(name).as_string()); }

  static std::string Sql(const std::string& sql) {
    pqxx::connection connection(Fact("database_url"));
    pqxx::work transaction(connection);
    return transaction.exec1(sql)[0].as<std::string>();
  }
  static model::Entity Doctor() {
    return model::Catalogue({.clinics = 2, .patients_per_clinic = 5})
        .Get(model::EntityKind::kDoctor, 0);
  }
  static model::Entity Patient(uint64_t index) {
    return model::Catalogue({.clinics = 2, .patients_per_clinic = 5})
        .Get(model::EntityKind::kPatient, index);
  }
  static std::string Login(const std::string& email) {
    const Answer answer =
        Ask(port_, "POST", "/api/v1/auth/login", "",
            absl::StrCat(R"({"email":")", email, R"(","password":"Praxis-Demo-1"})"));
    EXPECT_EQ(answer.status, 200) << answer.text;
    return std::string(answer.body().at("data").at("accessToken").as_string());
  }
  static double Metric(const std::string& series) {
    const std::string text = Ask(port_, "GET", "/metrics").text;
    const size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  // Runs the program with other flags; it is expected to end by itself.
  static base::CommandOutput Run(const std::vector<std::string>& flags) {
    std::vector<std::string> argv = {binary_};
    argv.insert(argv.end(), flags.begin(), flags.end());
    const auto output = base::RunCommand(argv, absl::Seconds(30));
    EXPECT_TRUE(output.ok()) << output.status();
    return output.ok() ? *output : base::CommandOutput();
  }

  static inline base::FolderRemover* folder_ = nullptr;
  static inline base::Subprocess* server_ = nullptr;
  static inline boost::json::object* facts_ = nullptr;
  static inline std::string binary_;
  static inline int port_ = 0;
};

TEST_F(ServerTest, IsHealthy) {
  EXPECT_EQ(Ask(port_, "GET", "/health/live").status, 200);
  EXPECT_EQ(Ask(port_, "GET", "/health/ready").status, 200);
  EXPECT_TRUE(absl::StrContains(Ask(port_, "GET", "/health").text, R"("status":"healthy")"));
  EXPECT_EQ(facts_->at("pid").as_int64(), server_->pid());
}

TEST_F(ServerTest, EachReadOfARecordHasItsAuditRow) {
  const std::string token = Login(Doctor().email);
  const std::string path = "/api/v1/ehr/comprehensive/" + Patient(0).id;
  const std::string count = absl::StrCat(
      "SELECT count(*) FROM audit_log WHERE action = ", "'ehr.comprehensive' AND subject_id = '",
      Patient(0).id, "'");
  const int before = std::stoi(Sql(count));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(port_, "GET", path, token).status, 200);
  EXPECT_EQ(std::stoi(Sql(count)) - before, 10);
  EXPECT_EQ(Ask(port_, "GET", path).status, 401);
  // The other clinic's patient is not there.
  EXPECT_EQ(Ask(port_, "GET", "/api/v1/ehr/comprehensive/" + Patient(1).id, token).status, 404);
}

TEST_F(ServerTest, ASignedOutTokenIsRefusedByAllWorkers) {
  const std::string token = Login(Patient(2).email);
  const char* path = "/api/v1/appointments/my-appointments";
  EXPECT_EQ(Ask(port_, "GET", path, token).status, 200);
  EXPECT_EQ(Ask(port_, "POST", "/api/v1/auth/logout", token).status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(2000));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask(port_, "GET", path, token).status, 401);
}

TEST_F(ServerTest, AKilledWorkerIsReplacedAndCountersGoOn) {
  const std::string series = R"(praxis_requests_total{operation="health.live",status_class="2xx"})";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask(port_, "GET", "/health/live").status, 200);
  const double before = Metric(series);
  EXPECT_GE(before, 20);
  pid_t victim = -1;
  const std::string program =
      std::filesystem::read_symlink(absl::StrCat("/proc/", server_->pid(), "/exe"));
  for (pid_t pid : base::ProcessTree(server_->pid())) {
    std::error_code error;
    const auto exe = std::filesystem::read_symlink(absl::StrCat("/proc/", pid, "/exe"), error);
    if (!error && pid != server_->pid() && exe == program) victim = pid;
  }
  ASSERT_GT(victim, 0);
  ASSERT_EQ(kill(victim, SIGKILL), 0);
  int answered = 0;
  for (int i = 0; i < 40; ++i) answered += Ask(port_, "GET", "/health/live").status == 200;
  // At most those lost that the dead worker had already accepted.
  EXPECT_GE(answered, 39);
  EXPECT_EQ(Metric(series), before + answered);
  for (int i = 0; i < 50 && Ask(port_, "GET", "/health/ready").status != 200; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(port_, "GET", "/health/live").status, 200);
}

TEST_F(ServerTest, MistakesAreOneClearLine) {
  const auto same_port =
      Run({absl::StrCat("--port=", port_), "--data_dir=" + data_dir() + "-other"});
  EXPECT_EQ(same_port.exit.code, 1);
  EXPECT_TRUE(absl::StrContains(same_port.err, absl::StrCat("port ", port_))) << same_port.err;
  EXPECT_TRUE(absl::StrContains(same_port.err, absl::StrCat("pid ", server_->pid())));

  EXPECT_EQ(Run({"--no_such_flag"}).exit.code, 1);
  const auto argument = Run({"serve"});
  EXPECT_EQ(argument.exit.code, 2);
  EXPECT_TRUE(absl::StrContains(argument.err, "'serve'"));
  const auto range = Run({"--workers=0"});
  EXPECT_TRUE(absl::StrContains(range.err, "--workers=0: expected 1 to 256")) << range.err;

  const std::string urls = "--redis_url=" + Fact("redis_url");
  const auto budget =
      Run({"--port=0", "--data_dir=" + data_dir() + "-other", urls,
           "--database_url=" + Fact("database_url"), "--workers=64", "--database_connections=32"});
  EXPECT_EQ(budget.exit.code, 1);
  EXPECT_TRUE(absl::StrContains(budget.err, "1 pods x 64 workers x 33 connections = 2112 >"))
      << budget.err;

  const auto away = Run({"--port=0", "--data_dir=" + data_dir() + "-other", urls,
                         "--database_url=postgresql://a:b@127.0.0.1:1/x"});
  EXPECT_EQ(away.exit.code, 1);
  EXPECT_TRUE(absl::StrContains(away.err, "--database_url:")) << away.err;
  EXPECT_EQ(std::count(away.err.begin(), away.err.end(), '\n'), 1) << away.err;
}

TEST_F(ServerTest, WithoutACacheEveryRecordIsReadFromTheDatabase) {
  const std::string other = folder_->path() + "/uncached";
  auto uncached =
      base::Subprocess::Start({.argv = {binary_, "--port=0", "--data_dir=" + other, "--cache=off",
                                        "--database_url=" + Fact("database_url"), "--workers=1",
                                        "--signing_key_file=" + Fact("signing_key_file")},
                               .log_file = folder_->path() + "/uncached.log",
                               .death_signal = SIGTERM});
  ASSERT_TRUE(uncached.ok()) << uncached.status();
  for (int i = 0; i < 300 && !base::ReadFile(other + "/server.json").ok(); ++i) {
    ASSERT_TRUE(uncached->running()) << *base::ReadFile(folder_->path() + "/uncached.log");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const auto facts = boost::json::parse(*base::ReadFile(other + "/server.json"));
  EXPECT_TRUE(facts.at("redis_pids").as_array().empty());
  const int port = static_cast<int>(facts.at("port").as_int64());
  const std::string token = Login(Doctor().email);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Ask(port, "GET", "/api/v1/ehr/comprehensive/" + Patient(0).id, token).status, 200);
  }
  const std::string metrics = Ask(port, "GET", "/metrics").text;
  for (const char* series : {R"(praxis_cache_misses_total{operation="ehr.comprehensive"} 5)",
                             R"(praxis_cache_hits_total{operation="ehr.comprehensive"} 0)",
                             R"(praxis_redis_commands_total{operation="ehr.comprehensive"} 0)"}) {
    EXPECT_TRUE(absl::StrContains(metrics, series)) << series;
  }
  const std::string health = Ask(port, "GET", "/health").text;
  EXPECT_TRUE(absl::StrContains(health, R"("status":"healthy")")) << health;
  EXPECT_TRUE(absl::StrContains(health, R"("redis":"off")")) << health;
  EXPECT_TRUE(uncached->Terminate(absl::Seconds(25)).ok());

  EXPECT_TRUE(absl::StrContains(Run({"--cache=none"}).err, "--cache=none: expected on or off"));
  const auto both = Run({"--cache=off", "--redis_url=127.0.0.1:1"});
  EXPECT_TRUE(absl::StrContains(both.err, "--redis_url=127.0.0.1:1")) << both.err;
}

TEST_F(ServerTest, LosingThePrivateRedisOnlySlowsDown) {
  const std::string token = Login(Doctor().email);
  const std::string path = "/api/v1/ehr/comprehensive/" + Patient(0).id;
  for (const boost::json::value& pid : facts_->at("redis_pids").as_array()) {
    ASSERT_EQ(kill(static_cast<pid_t>(pid.as_int64()), SIGKILL), 0);
  }
  // Long enough for the supervisor to see it several times.
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(Ask(port_, "GET", path, token).status, 200);
  }
  EXPECT_EQ(Ask(port_, "GET", "/health/ready").status, 200);
  EXPECT_TRUE(absl::StrContains(Ask(port_, "GET", "/health").text, R"("redis":"down")"));
  EXPECT_TRUE(server_->running());
}

// Last: it stops the server.
TEST_F(ServerTest, TerminationDrainsAndLeavesNothingBehind) {
  const std::vector<pid_t> tree = base::ProcessTree(server_->pid());
  EXPECT_GT(tree.size(), 8u);
  const auto ended = server_->Terminate(absl::Seconds(25));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_TRUE(ended->ok()) << ended->ToString();
  EXPECT_FALSE(base::ReadFile(ServerFile()).ok());
  for (const pid_t pid : tree) {
    // A number that is in use again would have another parent's program; none is expected so soon.
    EXPECT_NE(kill(pid, 0), 0) << pid;
  }
}

}  // namespace
}  // namespace server
