#include "simulator/hpa/pod_sorting.h"

namespace simulator::hpa {
namespace {

bool PassesCpuGate(const Pod& pod, const PodSample& sample, const Options& options,
                   int64_t now_ns) {
  if (pod.ready == ReadyCondition::kAbsent || !pod.start_ns.has_value()) return false;
  const bool not_ready = pod.ready == ReadyCondition::kFalse;
  if (*pod.start_ns + options.cpu_initialization_period_ns > now_ns) {
    return !not_ready && sample.time_ns >= pod.ready_transition_ns + sample.window_ns;
  }
  const bool never_ready =
      *pod.start_ns + options.initial_readiness_delay_ns > pod.ready_transition_ns;
  return !(not_ready && never_ready);
}

}  // namespace

SortedPods SortPods(const std::vector<Pod>& pods, const PodSamples& samples, bool is_cpu,
                    const Options& options, int64_t now_ns) {
  SortedPods sorted;
  for (const Pod& pod : pods) {
    if (pod.deleting || pod.phase == PodPhase::kFailed ||
        (pod.phase == PodPhase::kSucceeded && options.succeeded_pods_ignored)) {
      sorted.ignored.insert(pod.name);
      continue;
    }
    if (pod.phase == PodPhase::kPending) {
      sorted.unready.insert(pod.name);
      continue;
    }
    const auto sample = samples.find(pod.name);
    if (sample == samples.end()) {
      sorted.missing.insert(pod.name);
    } else if (is_cpu && !PassesCpuGate(pod, sample->second, options, now_ns)) {
      sorted.unready.insert(pod.name);
    } else {
      ++sorted.ready_count;
    }
  }
  return sorted;
}

int32_t CountReady(const std::vector<Pod>& pods) {
  int32_t ready = 0;
  for (const Pod& pod : pods) {
    if (pod.phase == PodPhase::kRunning && pod.ready == ReadyCondition::kTrue) ++ready;
  }
  return ready;
}

}  // namespace simulator::hpa
