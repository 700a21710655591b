// `calibrate` and `backtest` against a real Prometheus that scrapes an exporter whose counters are
// known functions of time.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/http_get.h"
#include "base/ports.h"
#include "base/subprocess.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "model/profile.pb.h"
#include "model/result.pb.h"
#include "simulator/commands/backtest.h"
#include "simulator/commands/calibrate.h"
#include "simulator/commands/said.h"
#include "simulator/commands/seal.h"

namespace simulator {
namespace {

using absl::StrContains;
using Args = std::vector<std::string>;

// A service with two operations whose rates swing apart. Everything that it counts is the integral
// of something known.
//   read   100 + 80 sin(2 pi t / 3) per second   4 ms server, 2 ms database, 1 statement
//   write   60 + 50 sin(2 pi t / 2 + 1)         10 ms server, 6 ms database, 3 statements
//   idle: 0.05 cores of the server
std::string Metrics(double t) {
  const double tau = 2 * std::acos(-1.0);
  const double reads = 100 * t + 80 * 3 / tau * (1 - std::cos(tau * t / 3));
  const double writes = 60 * t + 50 * 2 / tau * (std::cos(1) - std::cos(tau * t / 2 + 1));
  const double all = reads + writes;
  std::string text;
  const auto add = [&text](const std::string& name, double value) {
    absl::StrAppendFormat(&text, "%s %.9f\n", name, value);
  };
  add("shop_requests_total{operation=\"read\"}", reads);
  add("shop_requests_total{operation=\"write\"}", writes);
  add("container_cpu_usage_seconds_total{pod=\"shop-api-0\",container=\"api\"}",
      0.05 * t + 0.004 * reads + 0.010 * writes);
  add("container_cpu_usage_seconds_total{pod=\"shop-postgres-0\",container=\"pg\"}",
      0.002 * reads + 0.006 * writes);
  add("pg_stat_statements_calls_total{queryid=\"1\"}", reads + writes);
  add("pg_stat_statements_calls_total{queryid=\"2\"}", 2 * writes);
  // 90 % of the answers take at most 10 ms, the others 10 to 100 ms.
  add("praxis_request_seconds_bucket{operation=\"read\",le=\"0.01\"}", 0.9 * all);
  add("praxis_request_seconds_bucket{operation=\"read\",le=\"0.1\"}", all);
  add("praxis_request_seconds_bucket{operation=\"read\",le=\"+Inf\"}", all);
  add("praxis_request_seconds_sum{operation=\"read\"}", 0.02 * all);
  add("praxis_request_seconds_count{operation=\"read\"}", all);
  add("praxis_requests_total{operation=\"read\",status_class=\"2xx\"}", 0.99 * all);
  add("praxis_requests_total{operation=\"read\",status_class=\"5xx\"}", 0.01 * all);
  add("praxis_requests_total{operation=\"metrics\",status_class=\"2xx\"}", 5 * all);
  add("praxis_process_cpu_seconds_total", 0.5 * t);
  return text;
}

class Exporter {
 public:
  Exporter() : start_(absl::Now()) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
    socklen_t size = sizeof(address);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Exporter() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  int port() const { return port_; }
  absl::Time start() const { return start_; }

 private:
  void Serve() {
    while (true) {
      const int peer = accept(fd_, nullptr, nullptr);
      if (peer < 0) return;
      char request[4096];
      if (recv(peer, request, sizeof(request), 0) > 0) {
        const std::string body = Metrics(absl::ToDoubleSeconds(absl::Now() - start_));
        const std::string answer = absl::StrCat(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ",
            body.size(), "\r\n\r\n", body);
        EXPECT_GT(send(peer, answer.data(), answer.size(), MSG_NOSIGNAL), 0);
      }
      close(peer);
    }
  }

  const absl::Time start_;
  int fd_ = -1;
  int port_ = 0;
  std::thread thread_;
};

class PrometheusTest : public ::testing::Test {
 protected:
  PrometheusTest()
      : folder_(::testing::TempDir() + "/" +
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string WriteResult() const {
    model::Result result;
    result.set_measured_seconds(10);
    result.mutable_total()->set_requests(1600);
    for (const auto& [name, count] : {std::pair{"read", 1000}, {"write", 600}}) {
      model::OperationResult& operation = *result.add_operations();
      operation.set_operation(name);
      operation.set_requests(static_cast<uint64_t>(count));
      operation.set_bytes_received(static_cast<uint64_t>(count) * 500);
    }
    EXPECT_TRUE(model::WriteJson(result, Path("measured.json")).ok());
    return Path("measured.json");
  }

  const std::string folder_;
};

TEST_F(PrometheusTest, CalibratesAndBacktests) {
  if (!base::RunCommand({"prometheus", "--version"}, absl::Seconds(10)).ok()) {
    GTEST_SKIP() << "prometheus is not installed (Debian package prometheus)";
  }
  ASSERT_EQ(Say(RunSeal, {"--scenario", "simulator/engine/testdata/scenario.yaml", "--deployment",
                          "simulator/engine/testdata/deployment.yaml", "--profile",
                          "simulator/engine/testdata/profile.json", "--users", "500", "--duration",
                          "5s", "--ramp", "0", "--log", Path("log.jsonl")})
                .code,
            0);
  Exporter exporter;
  const auto ports = base::ClaimFreePorts(1);
  ASSERT_TRUE(ports.ok()) << ports.status();
  const int port = ports->front().port();
  const std::string url = absl::StrCat("http://127.0.0.1:", port);
  ASSERT_TRUE(
      model::WriteFile(absl::StrCat("global: {scrape_interval: 250ms, scrape_timeout: 200ms}\n"
                                    "scrape_configs:\n  - job_name: shop\n    static_configs:\n"
                                    "      - targets: ['127.0.0.1:",
                                    exporter.port(), "']\n"),
                       Path("prometheus.yml"))
          .ok());
  base::SubprocessOptions options;
  options.argv = {"prometheus", "--config.file=" + Path("prometheus.yml"),
                  "--storage.tsdb.path=" + Path("data"),
                  absl::StrCat("--web.listen-address=127.0.0.1:", port)};
  options.log_file = Path("prometheus.log");
  auto prometheus = base::Subprocess::Start(options);
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  const absl::Time until = absl::Now() + absl::Seconds(20);
  while (true) {
    const auto ready =
        base::HttpGet("127.0.0.1", static_cast<uint16_t>(port), "/-/ready", absl::Seconds(1));
    if (ready.ok() && ready->status == 200) break;
    ASSERT_LT(absl::Now(), until) << "prometheus did not start; see " << options.log_file;
    absl::SleepFor(absl::Milliseconds(50));
  }
  // It answers some seconds before it scrapes.
  while (true) {
    const auto first = base::HttpGet("127.0.0.1", static_cast<uint16_t>(port),
                                     "/api/v1/query?query=shop_requests_total", absl::Seconds(1));
    if (first.ok() && StrContains(first->body, "write")) break;
    ASSERT_LT(absl::Now(), until) << "prometheus does not scrape; see " << options.log_file;
    absl::SleepFor(absl::Milliseconds(100));
  }
  const absl::Time from = absl::Now();
  absl::SleepFor(from + absl::Milliseconds(12'300) - absl::Now());
  const auto text = [](absl::Time time) {
    return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
  };
  const Args asked = {"--prometheus", url,           "--from",
                      text(from),     "--to",        text(from + absl::Seconds(12)),
                      "--result",     WriteResult(), "--window",
                      "1s",           "--out",       Path("profile.json")};
  const auto with = [&asked](const Args& more) {
    Args args = asked;
    args.insert(args.end(), more.begin(), more.end());
    return args;
  };

  // By operation, with cAdvisor's and postgres_exporter's names.
  const std::string queries = Path("queries.yaml");
  const std::string requests =
      "requests: sum by (operation) (increase(shop_requests_total[$window]))\n";
  ASSERT_TRUE(model::WriteFile(requests + "given: {flush_seconds: 0.002, round_trip_seconds: 0}\n"
                                          "commits_waited: {write: 1}\n",
                               queries)
                  .ok());
  const Said calibrated = Say(RunCalibrate, with({"--queries", queries, "--name", "shop"}));
  ASSERT_EQ(calibrated.code, 0) << calibrated.err;
  EXPECT_TRUE(StrContains(calibrated.out, "regression by operation")) << calibrated.out;
  EXPECT_TRUE(StrContains(calibrated.out, "redis_commands: no data")) << calibrated.out;
  auto profile = model::ReadJson<model::Profile>(Path("profile.json"));
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_EQ(profile->operations_size(), 2);
  const model::OperationDemand& read = profile->operations(0);
  const model::OperationDemand& write = profile->operations(1);
  EXPECT_EQ(read.operation(), "read");
  EXPECT_NEAR(read.server_cpu_seconds().mean(), 0.004, 0.0004);
  EXPECT_NEAR(write.server_cpu_seconds().mean(), 0.010, 0.0005);
  EXPECT_NEAR(read.database_cpu_seconds().mean(), 0.002, 0.0002);
  EXPECT_NEAR(write.database_cpu_seconds().mean(), 0.006, 0.0003);
  EXPECT_NEAR(read.database_statements().mean(), 1, 0.1);
  EXPECT_NEAR(write.database_statements().mean(), 3, 0.15);
  EXPECT_DOUBLE_EQ(write.commits_waited(), 1);
  EXPECT_DOUBLE_EQ(read.response_bytes(), 500);
  EXPECT_DOUBLE_EQ(profile->database().flush_seconds(), 0.002);

  // With the load test's mix and mean rate alone, only the mean over the mix is to be had.
  const Said coarse = Say(RunCalibrate, asked);
  ASSERT_EQ(coarse.code, 0) << coarse.err;
  EXPECT_TRUE(StrContains(coarse.out, "the load test's mix is taken as constant")) << coarse.out;
  profile = model::ReadJson<model::Profile>(Path("profile.json"));
  ASSERT_TRUE(profile.ok());
  // (100 x 4 + 60 x 10 ms + 50 ms idle) / 160
  EXPECT_NEAR(profile->operations(0).server_cpu_seconds().mean(), 1.05 / 160, 0.0005);

  // Every way to ask for what is not there is one line.
  struct Case {
    std::string yaml;
    std::string expected;
  };
  const Case cases[] = {
      {"requests: sum by (operation) (increase(nothing[$window]))\n", "requests ("},
      {"requests: sum(increase(shop_requests_total[$window]))\n", "no label `operation`"},
      {"busy:\n  server_cpu_seconds: sum(increase(\n", "bad_data"},
      {"busy:\n  server_cpu_seconds: up\n  database_cpu_seconds: none\n",
       "queries.yaml:3): no series"},
      {"busy:\n  server_cpu_seconds: shop_requests_total\n", "2 series, expected one"},
      {"busy:\n  server_cpu_seconds: sum(up) / 0 * 0\n", "NaN at"},
      {"busy:\n  server_cpu_seconds: sum(up) * 0\n", "used no CPU"},
  };
  for (const Case& item : cases) {
    ASSERT_TRUE(model::WriteFile(item.yaml, queries).ok());
    const Said said = Say(RunCalibrate, with({"--queries", queries}));
    EXPECT_EQ(said.code, 1) << item.yaml << said.out;
    EXPECT_TRUE(StrContains(said.err, item.expected)) << item.yaml << said.err;
    const Args lines = absl::StrSplit(said.err, '\n', absl::SkipEmpty());
    EXPECT_EQ(lines.size(), 1u) << said.err;
  }
  const Said early = Say(RunCalibrate, {"--prometheus", url, "--from", "1000000000", "--to",
                                        "1000000100", "--result", WriteResult(), "--out", "x"});
  EXPECT_EQ(early.code, 1);
  EXPECT_TRUE(StrContains(early.err, "no series")) << early.err;

  // A sealed prediction, scored with the names of this project's server.
  const Said scored = Say(RunBacktest, {"--log", Path("log.jsonl"), "--prometheus", url, "--from",
                                        text(from), "--to", text(from + absl::Seconds(12))});
  ASSERT_EQ(scored.code, 0) << scored.err;
  const auto log = model::ReadFile(Path("log.jsonl"));
  ASSERT_TRUE(log.ok());
  const auto line = log->substr(log->find("\"kind\":\"score\""));
  EXPECT_TRUE(StrContains(line, "\"blind\":\"yes\"")) << line;
  const auto measured = [&line](const std::string& name) {
    const size_t at = line.find("\"measured\":", line.find("\"name\":\"" + name + "\""));
    return std::strtod(line.c_str() + at + 11, nullptr);
  };
  // Of a rate Prometheus leaves out what it could not scrape in time on a busy machine.
  EXPECT_NEAR(measured("throughput_per_second"), 160, 16);
  EXPECT_NEAR(measured("server_cpu_cores") / measured("throughput_per_second"), 0.5 / 160, 2e-4);
  EXPECT_NEAR(measured("error_rate"), 0.01, 1e-3);
  EXPECT_NEAR(measured("mean_ms"), 20, 0.2);
  EXPECT_NEAR(measured("p95_ms"), 55, 1);  // half of the way from 10 to 100 ms
  prometheus->Terminate(absl::Seconds(5)).IgnoreError();
}

TEST_F(PrometheusTest, BadInputIsOneLine) {
  const std::string result = WriteResult();
  const std::string empty = Path("empty.json");
  ASSERT_TRUE(model::WriteFile("{}", empty).ok());
  const Args good = {"--prometheus", "http://127.0.0.1:1", "--from", "100", "--to", "200",
                     "--out",        Path("p.json")};
  const auto with = [&good](const Args& more) {
    Args args = good;
    args.insert(args.end(), more.begin(), more.end());
    return args;
  };
  struct Case {
    Args args;
    int code;
    std::string expected;
  };
  const Case cases[] = {
      {{}, 2, "--prometheus is missing"},
      {good, 2, "either --result FILE or --k6 FILE"},
      {with({"--result", "a", "--k6", "b"}), 2, "either --result"},
      {with({"--result", "a", "--operation", "b"}), 2, "--operation"},
      {with({"--result", "a", "--from", "monday"}), 2, "--from"},
      {with({"--result", "a", "--to", "50"}), 2, "--to"},
      {with({"--result", "a", "--window", "1ms"}), 2, "--window"},
      {with({"--result", "a", "--windows", "1"}), 2, "unknown flag"},
      {with({"--result", "nowhere.json"}), 1, "nowhere.json"},
      {with({"--result", empty}), 1, empty + ": total.requests"},
      {with({"--k6", empty}), 1, empty + ": no `metrics`"},
      {with({"--result", result, "--queries", "none.yaml"}), 1, "none.yaml"},
      {with({"--result", result, "--prometheus", "localhost:9090"}), 1, "--prometheus: expected"},
      {with({"--result", result, "--window", "60s"}), 1, "expected at least 3"},
      {with({"--result", result}), 1, "http://127.0.0.1:1: "},
  };
  for (const Case& item : cases) {
    const Said said = Say(RunCalibrate, item.args);
    EXPECT_EQ(said.code, item.code) << item.expected << "\n" << said.err;
    EXPECT_TRUE(StrContains(said.err, item.expected)) << said.err << "\nexpected " << item.expected;
    const Args lines = absl::StrSplit(said.err, '\n', absl::SkipEmpty());
    EXPECT_EQ(lines.size(), 1u) << said.err;
  }
  EXPECT_FALSE(std::filesystem::exists(Path("p.json")));
}

}  // namespace
}  // namespace simulator
