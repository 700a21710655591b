#include "simulator/calibration/round_trip_probe.h"

#include <hiredis/hiredis.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <pqxx/pqxx>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/process_cpu.h"

namespace simulator {
namespace {

constexpr int kRoundTrips = 250;
constexpr int kBatches = 9;
constexpr std::chrono::milliseconds kPause{1};
constexpr double kNanosecond = 1e-9;

double ThreadCpuSeconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * kNanosecond;
}

double CpuSeconds(const std::vector<pid_t>& pids) {
  double seconds = 0;
  for (pid_t pid : pids) {
    seconds += static_cast<double>(base::ProcessCpuNanos(pid).value_or(0)) * kNanosecond;
  }
  return seconds;
}

// Lower quartile (the rest holds what others on the machine did meanwhile) of the elapsed time less
// the CPU of this thread and of the other side.
double BesideCpu(const std::vector<pid_t>& others, const std::function<void()>& round_trip) {
  std::vector<double> beside;
  for (int i = 0; i < kRoundTrips; ++i) {
    std::this_thread::sleep_for(kPause);
    const double others_before = CpuSeconds(others);
    const double own_before = ThreadCpuSeconds();
    const auto begin = std::chrono::steady_clock::now();
    round_trip();
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double cpu = ThreadCpuSeconds() - own_before + CpuSeconds(others) - others_before;
    beside.push_back(std::max(0.0, elapsed - cpu));
  }
  const auto quartile = beside.begin() + kRoundTrips / 4;
  std::nth_element(beside.begin(), quartile, beside.end());
  return *quartile;
}

using RedisContext = std::unique_ptr<redisContext, void (*)(redisContext*)>;

absl::StatusOr<RedisContext> ConnectToFirst(const std::string& redis_url) {
  const std::vector<std::string> nodes = absl::StrSplit(redis_url, ',', absl::SkipEmpty());
  const std::vector<std::string> address =
      absl::StrSplit(nodes.empty() ? std::string() : nodes.front(), ':');
  int port = 0;
  if (address.size() != 2 || !absl::SimpleAtoi(address[1], &port)) {
    return absl::InvalidArgumentError(
        absl::StrCat("redis_url: ", redis_url, ": expected host:port"));
  }
  const timeval timeout{.tv_sec = 2, .tv_usec = 0};
  RedisContext context(redisConnectWithTimeout(address[0].c_str(), port, timeout), redisFree);
  if (context == nullptr || context->err != 0) {
    return absl::UnavailableError(absl::StrCat("Redis ", nodes.front(), ": cannot connect"));
  }
  redisSetTimeout(context.get(), timeout);
  return context;
}

}  // namespace

absl::StatusOr<double> ProbeRedisRoundTrip(const std::string& redis_url,
                                           const std::vector<pid_t>& pids) {
  auto context = ConnectToFirst(redis_url);
  if (!context.ok()) return context.status();
  bool answered = true;
  const double seconds = BesideCpu(pids, [&] {
    if (!answered) return;
    void* reply = redisCommand(context->get(), "PING");
    answered = reply != nullptr;
    if (answered) freeReplyObject(reply);
  });
  if (!answered) return absl::UnavailableError(absl::StrCat("Redis ", redis_url, ": no PONG"));
  return seconds;
}

absl::StatusOr<double> ProbeRedisClientCpu(const std::string& redis_url) {
  auto context = ConnectToFirst(redis_url);
  if (!context.ok()) return context.status();
  std::vector<double> each;
  for (int batch = 0; batch < kBatches; ++batch) {
    const double before = ThreadCpuSeconds();
    for (int i = 0; i < kRoundTrips; ++i) {
      void* reply = redisCommand(context->get(), "PING");
      if (reply == nullptr) {
        return absl::UnavailableError(absl::StrCat("Redis ", redis_url, ": no PONG"));
      }
      freeReplyObject(reply);
    }
    each.push_back((ThreadCpuSeconds() - before) / kRoundTrips);
  }
  std::nth_element(each.begin(), each.begin() + kBatches / 2, each.end());
  return each[kBatches / 2];
}

absl::StatusOr<double> ProbeDatabaseRoundTrip(const std::string& database_url) {
  try {
    pqxx::connection connection(database_url);
    connection.prepare("praxis_ping", "SELECT 1");
    pqxx::nontransaction session(connection);
    return BesideCpu({connection.backendpid()}, [&] { session.exec_prepared("praxis_ping"); });
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("database round trip: ", error.what()));
  }
}

}  // namespace simulator
