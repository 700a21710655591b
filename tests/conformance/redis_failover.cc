// A real Redis Cluster loses a master: the outage that our server's client sees, beside the one
// that the simulator's model of the cluster bus draws.
//
//   ./tools/bazel run //tests/conformance:redis_failover -- --node_timeouts 1,2,5 --repeats 8
//
// Each repeat: a private cluster of three masters and three replicas on loopback, one probe of the
// shard to lose and one of another shard, each a write every 5 ms with 250 ms to answer; after a
// random moment SIGKILL to the master. Takes about NODE_TIMEOUT + 8 s a repeat. Exit code 1: a
// cluster did not come up or did not fail over in time.

#include <gflags/gflags.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/random.h"
#include "base/task.h"
#include "devstack/redis_cluster.h"
#include "server/redis/redis_cluster.h"
#include "simulator/redis/cluster_bus.h"

DEFINE_string(node_timeouts, "1,2,5", "seconds, by commas");
DEFINE_int32(repeats, 8, "clusters for each of them");
DEFINE_int32(draws, 4000, "of the model for each of them");

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Writes to one key until told to stop; remembers when it failed first and last.
struct Probe {
  std::string key;
  Clock::time_point first_failure{};
  Clock::time_point last_failure{};
  Clock::time_point last_success{};
  bool failed() const { return first_failure != Clock::time_point{}; }
  bool over() const { return failed() && last_success > last_failure; }
  // From the first failed write to the first that worked again.
  Clock::time_point restored{};
};

base::Task<> Run(boost::asio::io_context& loop, server::RedisCluster& redis, Probe& probe,
                 const bool& stop) {
  while (!stop) {
    const Clock::time_point sent = Clock::now();
    std::vector<std::string> command = {"SET", probe.key, "x", "PX", "60000"};
    const auto reply =
        co_await redis.Run(probe.key, std::move(command), sent + milliseconds(250), nullptr);
    if (!reply.ok()) {
      if (!probe.failed()) probe.first_failure = sent;
      probe.last_failure = sent;
    } else {
      if (probe.failed() && probe.last_success < probe.last_failure) probe.restored = Clock::now();
      probe.last_success = sent;
    }
    boost::asio::steady_timer timer(loop, milliseconds(5));
    co_await base::Callback<bool>([&](auto done) {
      timer.async_wait([done](const boost::system::error_code&) mutable { done(true); });
    });
  }
}

// Seconds after the kill.
struct Outage {
  double down = 0;      // another shard's first refusal: the master is declared failed
  double up = 0;        // another shard's first answer: the replica was promoted
  double restored = 0;  // the lost shard's first answer
};

class Trial {
 public:
  explicit Trial(std::string folder) : folder_(std::move(folder)) {}
  ~Trial() {
    cluster_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  absl::StatusOr<Outage> Run(double node_timeout, double phase) {
    devstack::RedisClusterOptions options;
    options.data_dir = folder_;
    options.node_timeout_milliseconds = static_cast<int>(node_timeout * 1000);
    options.wait_for_replicas = true;
    options.append_only = false;
    auto cluster = devstack::PrivateRedisCluster::Begin(options);
    if (!cluster.ok()) return cluster.status();
    cluster_ = std::move(*cluster);
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    for (;;) {
      const absl::StatusOr<bool> ready = cluster_->Poll();
      if (!ready.ok()) return ready.status();
      if (*ready) break;
      if (absl::Now() > deadline) return absl::DeadlineExceededError("the cluster never was ready");
      absl::SleepFor(absl::Milliseconds(50));
    }
    return Measure(node_timeout, phase);
  }

 private:
  absl::StatusOr<Outage> Measure(double node_timeout, double phase) {
    boost::asio::io_context loop(1);
    server::RedisOptions options;
    const auto seeds = server::RedisCluster::ParseSeeds(cluster_->url());
    if (!seeds.ok()) return seeds.status();
    options.seeds = *seeds;
    server::RedisCluster redis(loop, options);
    redis.Start();
    const auto run_for = [&loop](double seconds, const std::function<bool()>& enough) {
      const auto until = Clock::now() + std::chrono::duration<double>(seconds);
      while (Clock::now() < until && !enough()) loop.run_for(milliseconds(5));
    };
    run_for(10, [&redis] { return redis.ready(); });
    if (!redis.ready()) return absl::UnavailableError("the client never reached every master");
    Probe lost{.key = "lost"};
    Probe other{.key = "other0"};
    const std::string node = redis.MasterOf(lost.key);
    for (int i = 1; redis.MasterOf(other.key) == node; ++i) other.key = absl::StrCat("other", i);
    bool stop = false;
    base::Spawn(::Run(loop, redis, lost, stop));
    base::Spawn(::Run(loop, redis, other, stop));
    run_for(node_timeout / 2 + phase, [] { return false; });
    if (lost.failed() || other.failed()) {
      return absl::UnavailableError("a write failed before anything was killed");
    }
    const pid_t pid = PidOf(node);
    const Clock::time_point killed = Clock::now();
    if (pid <= 0 || kill(pid, SIGKILL) != 0) return absl::InternalError("cannot kill " + node);
    run_for(3 * node_timeout + 10, [&] { return lost.over() && other.over(); });
    stop = true;
    loop.run_for(milliseconds(400));
    if (lost.restored == Clock::time_point{} || other.restored == Clock::time_point{}) {
      return absl::DeadlineExceededError(absl::StrCat("no failover of ", node, " in time"));
    }
    const auto since = [killed](Clock::time_point time) {
      return std::chrono::duration<double>(time - killed).count();
    };
    return Outage{since(other.first_failure), since(other.restored), since(lost.restored)};
  }

  pid_t PidOf(const std::string& node) const {
    for (size_t i = 0; i < cluster_->ports().size(); ++i) {
      if (absl::StrCat("127.0.0.1:", cluster_->ports()[i]) == node) return cluster_->pids()[i];
    }
    return -1;
  }

  std::string folder_;
  std::unique_ptr<devstack::PrivateRedisCluster> cluster_;
};

double At(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// The two-sided distance between the measured distribution and the model's (Kolmogorov-Smirnov).
double Distance(const std::vector<double>& measured, const std::vector<double>& model) {
  double most = 0;
  for (size_t i = 0; i < measured.size(); ++i) {
    const auto below = std::lower_bound(model.begin(), model.end(), measured[i]) - model.begin();
    const double share = static_cast<double>(below) / static_cast<double>(model.size());
    const auto n = static_cast<double>(measured.size());
    most = std::max({most, std::abs(share - static_cast<double>(i) / n),
                     std::abs(share - static_cast<double>(i + 1) / n)});
  }
  return most;
}

void Print(double timeout, const char* what, std::vector<double> measured,
           std::vector<double> model) {
  std::sort(measured.begin(), measured.end());
  std::sort(model.begin(), model.end());
  int inside = 0;
  for (double value : measured) {
    inside += value >= At(model, 0.025) && value <= At(model, 0.975);
  }
  std::printf(
      "| %g s | %s | %.2f (%.2f - %.2f) | %.2f (%.2f - %.2f) | %+.0f %% | %d of %zu | %.2f |\n",
      timeout, what, At(measured, 0.5), measured.front(), measured.back(), At(model, 0.5),
      At(model, 0.025), At(model, 0.975), 100 * (At(model, 0.5) / At(measured, 0.5) - 1), inside,
      measured.size(), Distance(measured, model));
  std::fflush(stdout);
}

absl::Status Compare(double timeout) {
  std::vector<std::vector<double>> measured(3);
  base::RandomStream phases(1, 0, "conformance", "phase");
  for (int i = 0; i < FLAGS_repeats; ++i) {
    const std::string folder = absl::StrCat(std::filesystem::temp_directory_path().string(),
                                            "/praxis-failover-", getpid(), "-", i);
    const auto outage = Trial(folder).Run(timeout, phases.Uniform(0, 1));
    if (!outage.ok()) return outage.status();
    std::fprintf(stderr, "node timeout %g s: down %.3f s, up %.3f s, restored %.3f s\n", timeout,
                 outage->down, outage->up, outage->restored);
    measured[0].push_back(outage->down);
    measured[1].push_back(outage->up - outage->down);
    measured[2].push_back(outage->restored);
  }
  std::vector<std::vector<double>> model(3);
  const simulator::redis::BusRules rules{3, 1, timeout};
  const simulator::redis::Loss loss{.masters = {0}};
  const double refresh =
      std::chrono::duration<double>(server::RedisOptions().refresh_throttle).count();
  for (int i = 0; i < FLAGS_draws; ++i) {
    base::RandomStream random(1, static_cast<uint64_t>(i), "conformance", "failover");
    const auto drawn = simulator::redis::PlayFailover(rules, loss, random);
    model[0].push_back(drawn.failed);
    model[1].push_back(drawn.promoted - drawn.failed);
    model[2].push_back(drawn.promoted + random.Uniform(0, refresh));
  }
  Print(timeout, "declared failed after", measured[0], model[0]);
  Print(timeout, "whole cluster refuses for", measured[1], model[1]);
  Print(timeout, "lost shard away for", measured[2], model[2]);
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("redis_failover [--node_timeouts 1,2,5] [--repeats 8]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  std::printf(
      "| node timeout | client-seen | measured s, median (least - most) | model s, median (95 %%) "
      "| "
      "model's median | inside 95 %% | distance |\n|---|---|---|---|---|---|---|\n");
  for (absl::string_view part : absl::StrSplit(FLAGS_node_timeouts, ',')) {
    double timeout = 0;
    if (!absl::SimpleAtod(part, &timeout) || timeout < 0.1 || timeout > 60 || FLAGS_repeats < 1 ||
        FLAGS_draws < 100) {
      std::fprintf(stderr, "--node_timeouts: expected seconds from 0.1 to 60, found '%s'\n",
                   std::string(part).c_str());
      return 2;
    }
    if (absl::Status status = Compare(timeout); !status.ok()) {
      std::fprintf(stderr, "redis_failover: %s\n", std::string(status.message()).c_str());
      return 1;
    }
  }
  return 0;
}
