#include "simulator/engine/replications.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "simulator/engine/simulation.h"

namespace simulator {

absl::StatusOr<std::vector<ReplicationResult>> RunReplications(
    const Workload& workload, const SystemModel& system, const RunOptions& options,
    const std::function<void(uint32_t, const ReplicationResult&)>& finished) {
  const uint32_t count = std::max(1u, options.replications);
  std::vector<ReplicationResult> results(count);
  std::atomic<uint32_t> next{0};
  std::mutex mutex;
  const auto work = [&] {
    for (uint32_t i; (i = next++) < count;) {
      const uint32_t number = options.first_replication + i;
      results[i] = Simulation(workload, system, options, number).Run();
      if (!finished) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      finished(number, results[i]);
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t t = 1; t < std::min(std::max(1u, options.threads), count); ++t) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();
  for (uint32_t i = 0; i < count; ++i) {
    if (!results[i].unstable.empty()) {
      return absl::FailedPreconditionError(absl::StrCat("unstable: ", results[i].unstable));
    }
    if (!results[i].violation.empty()) {
      return absl::InternalError(absl::StrCat("replication ", i, ": ", results[i].violation,
                                              " (the simulator is wrong, no result is given)"));
    }
  }
  return results;
}

}  // namespace simulator
