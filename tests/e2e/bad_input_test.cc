// What must not happen to a server of strangers: hostile requests, wrong flags, and the databases
// going away while it runs. Each has one clear answer, and everything comes back afterwards.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "base/paths.h"
#include "base/ports.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"
#include "devstack/stack.h"
#include "tests/support/api_client.h"
#include "tests/support/clinic_server.h"
#include "tests/support/raw_http.h"

namespace tests {
namespace {

using model::EntityKind;

class BadInputTest : public ::testing::Test {
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
    doctor_ = all.Get(EntityKind::kDoctor, 0).id;
    patient_ = all.Get(EntityKind::kPatient, 0).id;
    receptionist_ = server_->TokenOf(all.Get(EntityKind::kReceptionist, 0));
    doctors_token_ = server_->TokenOf(all.Get(EntityKind::kDoctor, 0));
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

TEST_F(BadInputTest, HttpMistakes) {
  RawConnection slow(server_->port());  // its time runs while the others are tried
  const absl::Time began = absl::Now();
  ASSERT_TRUE(
      slow.Send("POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{\"em"));
  const std::string post = "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      {"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", 404},
      {"GET /api/v1/appointments/../../metrics HTTP/1.1\r\nHost: h\r\n\r\n", 404},
      {"GET /health/live\xff HTTP/1.1\r\nHost: h\r\n\r\n", 404},
      {"TRACE /health HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"PUT /api/v1/appointments HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"GET /health HTTP/1.1\r\n\r\n", 400},
      {"GET /health HTTP/1.1\nHost: h\n\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", 10), 400},
      {std::string("GET /health HTTP/1.1\r\nHost: h\r\nX-Request-ID: a\0b\r\n\r\n", 52), 400},
      {"GET /health HTTP/1.1\r\nHost: h\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", 431},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
      {post + "Content-Length: 5000\r\n\r\n", 413},
      {post + "Content-Length: 18446744073709551615\r\n\r\n", 413},
      {post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {post + "Content-Length: -1\r\n\r\n", 400},
      {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 400},
      {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\nx", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n1388\r\n" + std::string(5000, 'x'), 413},
      {post + "Content-Length: 2\r\n\r\n{}", 400}};
  for (const auto& [bytes, status] : cases) {
    const std::string answer = RawExchange(server_->port(), bytes);
    EXPECT_EQ(StatusOf(answer), status) << bytes.substr(0, 80) << "\n" << answer;
    EXPECT_TRUE(absl::StrContains(answer, R"("success":false)")) << answer;
    EXPECT_EQ(absl::StrContains(answer, "\r\nAllow: "), status == 405) << answer;
  }
  EXPECT_EQ(Ask("GET", "/api/v1/appointments").status, 401);
  const std::string late = slow.ReadAnswer(absl::Seconds(14));
  EXPECT_EQ(StatusOf(late), 408) << late;
  EXPECT_LT(absl::Now() - began, absl::Seconds(13));
}

TEST_F(BadInputTest, BodiesThatAreNoObjects) {
  const std::vector<std::string> bodies = {"{",
                                           "[]",
                                           "null",
                                           "1e999999",
                                           "{}{}",
                                           "{\"email\":}",
                                           "\xef\xbb\xbf{}",
                                           "{'email':1}",
                                           "{\"email\":\"\xff\xfe\",\"password\":\"x\"}",
                                           "{\"email\":\"\\ud800\",\"password\":\"x\"}",
                                           "{\"email\":\"\xed\xa0\x80\",\"password\":\"x\"}",
                                           std::string("{\0}", 3),
                                           std::string(3000, '['),
                                           "{\"email\":" + std::string(3000, '1') + "}"};
  for (const std::string& body : bodies) {
    const ApiAnswer answer = Ask("POST", "/api/v1/auth/login", "", body);
    EXPECT_EQ(answer.status, 400) << body.substr(0, 80) << answer.body;
  }
  std::string deep = "{\"email\":\"a\",\"password\":";
  for (int i = 0; i < 500; ++i) deep += "{\"a\":";
  EXPECT_EQ(Ask("POST", "/api/v1/auth/login", "", deep).status, 400);
}

// Every text field of every body, with what hurts parsers and databases. Free text comes back as it
// was sent; everything else is refused and named.
TEST_F(BadInputTest, HostileTextInEveryField) {
  const std::vector<std::string> hostile = {"'; DROP TABLE appointments; --",
                                            "' OR '1'='1",
                                            "\"},{\"role\":\"SUPER_ADMIN\"",
                                            "$1",
                                            "\\",
                                            "{}",
                                            "%00",
                                            "<script>alert(1)</script>",
                                            "../../etc/passwd",
                                            "NULL",
                                            "\xe2\x80\xa8",
                                            "\xf4\x8f\xbf\xbf",
                                            "\x01\x1f\x7f"};
  const boost::json::array mistakes = {std::string("a\0b", 3),
                                       7,
                                       1e300,
                                       true,
                                       boost::json::array{1},
                                       boost::json::object{{"$ne", 1}},
                                       "",
                                       std::string(3500, 'x')};
  const std::map<std::string, std::pair<std::string, boost::json::object>> forms = {
      {"/api/v1/appointments", {receptionist_, Visit(0)}},
      {"/api/v1/ehr/vitals", {receptionist_, Vital()}},
      {"/api/v1/auth/login", {"", {{"email", "a@b.example"}, {"password", "x"}}}},
      {"/api/v1/auth/refresh", {"", {{"refreshToken", "x"}}}}};
  int slot = 100;
  for (const auto& entry : forms) {
    const std::string path = entry.first;
    const std::string& token = entry.second.first;
    const boost::json::object& good = entry.second.second;
    boost::json::object with_notes = good;
    if (path == "/api/v1/appointments") with_notes["notes"] = "n";
    for (const auto& member : with_notes) {
      const std::string field(member.key());
      auto send = [&](const boost::json::value& value) {
        boost::json::object body = good;
        if (path == "/api/v1/appointments") {
          body["date"] = Visit(slot)["date"];
          body["time"] = Visit(slot++)["time"];
        }
        body[field] = value;
        return Ask("POST", path, token, boost::json::serialize(body));
      };
      const bool free_text = field == "notes" || field == "value";
      const bool credential = field == "email" || field == "password" || field == "refreshToken";
      for (const std::string& text : hostile) {
        if (field == "password") break;  // as good as any other; each costs a hash
        const ApiAnswer answer = send(boost::json::string(text));
        EXPECT_EQ(answer.status, free_text    ? 201
                                 : credential ? 401
                                              : 400)
            << field << "=" << text << " " << answer.body;
        if (!free_text && !credential) {
          EXPECT_EQ(FieldOf(answer), field) << text << answer.body;
        }
        if (field == "value") {
          EXPECT_EQ(answer.json.at("data").at("value").as_string(), text.c_str());
        }
      }
      for (const boost::json::value& wrong : mistakes) {
        // A token may be as long as that.
        if (field == "refreshToken" && wrong.is_string() && wrong.get_string().size() == 3500) {
          continue;
        }
        const ApiAnswer answer = send(wrong);
        EXPECT_EQ(answer.status, 400) << field << " " << answer.body;
        EXPECT_EQ(FieldOf(answer), field) << answer.body;
      }
    }
  }
  EXPECT_GT(CountOf("SELECT count(*) FROM appointments"), 0);
  // Notes come back unharmed through the database.
  boost::json::object visit = Visit(slot);
  visit["notes"] = hostile[0];
  const ApiAnswer booked =
      Ask("POST", "/api/v1/appointments", receptionist_, boost::json::serialize(visit));
  ASSERT_EQ(booked.status, 201) << booked.body;
  const std::string id(booked.json.at("data").at("id").as_string());
  const ApiAnswer read = Ask("GET", "/api/v1/appointments/" + id, receptionist_);
  EXPECT_EQ(read.json.at("data").at("notes").as_string(), hostile[0].c_str());
}

TEST_F(BadInputTest, TimesThatDoNotExist) {
  for (const char* date : {"0000-01-01", "2031-02-30", "2031-13-01", "2031-1-1", "99999-01-01",
                           "-infinity", "today", "2031-01-01T00:00:00Z"}) {
    EXPECT_EQ(FieldOf(Ask("GET", DayPath(date), receptionist_)), "date") << date;
    EXPECT_EQ(FieldOf(Ask("GET", absl::StrCat("/api/v1/appointments?date=", date), receptionist_)),
              "date");
    boost::json::object visit = Visit(0);
    visit["date"] = date;
    const ApiAnswer answer =
        Ask("POST", "/api/v1/appointments", receptionist_, boost::json::serialize(visit));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(FieldOf(answer), "date") << date;
  }
  for (const char* time : {"0000-01-01T00:00:00Z", "5-01-31T08:00:00Z", "294277-01-01T00:00:00Z",
                           "2030-01-31T08:00:00+16:00", "infinite-future", "infinity", "now"}) {
    boost::json::object vital = Vital();
    vital["recordedAt"] = time;
    const ApiAnswer answer =
        Ask("POST", "/api/v1/ehr/vitals", receptionist_, boost::json::serialize(vital));
    EXPECT_EQ(answer.status, 400) << time << answer.body;
    EXPECT_EQ(FieldOf(answer), "recordedAt") << time;
  }
  for (const char* query :
       {"page=0", "page=-1", "page=99999999999999999999", "page=1e3", "limit=101", "limit=0x10",
        "page=%00", "status=SCHEDULED%27", "doctorId=1", "doctorId=%27%20OR%201=1"}) {
    const ApiAnswer answer =
        Ask("GET", absl::StrCat("/api/v1/appointments?", query), receptionist_);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(FieldOf(answer), std::string(query).substr(0, std::string(query).find('=')));
  }
}

TEST_F(BadInputTest, FiftyWantTheSameSlotAndOneGetsIt) {
  constexpr int kClients = 50;
  const boost::json::object visit = Visit(50);
  std::atomic<int> ready{0};
  std::atomic<int> booked{0};
  std::atomic<int> taken{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      ApiClient client(server_->port());
      client.SetToken(receptionist_);
      client.Get("/health/live").IgnoreError();
      for (++ready; ready < kClients;) std::this_thread::yield();
      const auto answer = client.Post("/api/v1/appointments", visit);
      if (!answer.ok()) return;
      booked += answer->status == 201;
      taken += answer->status == 409;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(booked, 1);
  EXPECT_EQ(taken, kClients - 1);
  EXPECT_EQ(CountOf(absl::StrCat("SELECT count(*) FROM appointments WHERE doctor_id = '", doctor_,
                                 "' AND slot_start = '", std::string(visit.at("date").as_string()),
                                 " ", std::string(visit.at("time").as_string()), "'")),
            1);
}

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

TEST_F(BadInputTest, WrongFlagsAreOneClearLineAndLeaveNothingRunning) {
  const auto port = base::ClaimFreePorts(1);
  ASSERT_TRUE(port.ok());
  const int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(holder, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(holder, 1), 0);
  socklen_t length = sizeof(address);
  ASSERT_EQ(getsockname(holder, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const int foreign_port = ntohs(address.sin_port);

  const std::string folder = server_->folder() + "/mistakes";
  ASSERT_TRUE(base::WriteFile(server_->folder() + "/file", "x").ok());
  ASSERT_TRUE(base::WriteFile(server_->folder() + "/key", R"({"kid":"k","key_hex":"12"})").ok());
  const std::string database = "--database_url=" + stack_->database_url();
  const std::string redis = "--redis_url=" + stack_->redis_url();
  const std::string nobody = absl::StrCat("127.0.0.1:", port->front().port());
  std::string wrong_password = database;
  wrong_password.replace(wrong_password.find("praxis:") + 7, 1, "_");
  struct Mistake {
    std::vector<std::string> flags;
    std::string says;
  };
  const std::vector<Mistake> mistakes = {
      {{"--no_such_flag=1"}, "no_such_flag"},
      {{"--port=many"}, "port"},
      {{"--port=70000"}, "--port=70000"},
      {{"--workers=-1"}, "--workers=-1"},
      {{absl::StrCat("--port=", server_->port()), database, redis},
       absl::StrCat("port ", server_->port())},
      {{absl::StrCat("--port=", foreign_port), database, redis},
       absl::StrCat("port ", foreign_port)},
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
  for (const Mistake& mistake : mistakes) {
    std::vector<std::string> argv = {base::Runfile("server/server").value(),
                                     "--data_dir=" + folder};
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
  close(holder);
}

TEST_F(BadInputTest, WithoutRedisAnswersAreTheSame) {
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
TEST_F(BadInputTest, AFrozenDatabaseIs503) {
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

TEST_F(BadInputTest, AStoppedDatabaseIs503UntilItIsBack) {
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
