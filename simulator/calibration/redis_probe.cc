#include "simulator/calibration/redis_probe.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"

namespace simulator {
namespace {

constexpr int kCommands = 60000;
constexpr double kNanosecondsPerSecond = 1e9;

absl::StatusOr<double> CpuSeconds(const std::vector<pid_t>& pids) {
  double seconds = 0;
  for (pid_t pid : pids) {
    auto nanoseconds = base::ProcessCpuNanos(pid);
    if (!nanoseconds.ok()) return nanoseconds.status();
    seconds += static_cast<double>(*nanoseconds) / kNanosecondsPerSecond;
  }
  return seconds;
}

}  // namespace

absl::StatusOr<double> ProbeRedisCommandSeconds(const std::string& redis_url,
                                                const std::vector<pid_t>& pids) {
  const std::vector<std::string> nodes = absl::StrSplit(redis_url, ',', absl::SkipEmpty());
  if (nodes.empty() || pids.empty()) return absl::NotFoundError("no Redis node to probe");
  const std::vector<std::string> address = absl::StrSplit(nodes.front(), ':');
  if (address.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("redis_url: ", nodes.front(), ": expected host:port"));
  }
  auto before = CpuSeconds(pids);
  if (!before.ok()) return before.status();
  auto output =
      base::RunCommand({"redis-benchmark", "-h", address[0], "-p", address[1], "--cluster", "-c",
                        "50", "-n", absl::StrCat(kCommands), "-t", "get", "-r", "1000", "-q"},
                       absl::Seconds(30));
  if (!output.ok()) return output.status();
  if (!output->exit.ok()) {
    return absl::UnavailableError(absl::StrCat("redis-benchmark: ", output->err, output->out));
  }
  auto after = CpuSeconds(pids);
  if (!after.ok()) return after.status();
  return (*after - *before) / kCommands;
}

}  // namespace simulator
