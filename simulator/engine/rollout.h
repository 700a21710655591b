#pragma once

#include <algorithm>
#include <cstdint>

// The arithmetic of Kubernetes' controllers that replace pods.
namespace simulator {

// maxSurge, maxUnavailable, minAvailable: a number of pods or a percentage.
struct PodShare {
  uint32_t value = 0;
  bool percent = false;
  uint32_t Of(uint32_t replicas, bool round_up) const {
    if (!percent) return value;
    const uint64_t hundredths = uint64_t{value} * replicas;
    return static_cast<uint32_t>((hundredths + (round_up ? 99 : 0)) / 100);
  }
};

// One reconcile of the Deployment controller's rolling update (reconcileNewReplicaSet, then
// cleanupUnhealthyReplicas and scaleDownOldReplicaSetsForRollingUpdate). Counts leave out pods that
// are terminating.
struct RolloutCounts {
  uint32_t desired = 0;
  uint32_t old_pods = 0;
  uint32_t old_ready = 0;
  uint32_t new_pods = 0;
  uint32_t new_ready = 0;
};
struct RolloutStep {
  uint32_t create = 0;          // pods of the new revision
  uint32_t delete_unready = 0;  // of the old
  uint32_t delete_ready = 0;    // of the old
};
// maxSurge rounds up, maxUnavailable down; both 0 counts as one unavailable.
inline RolloutStep StepRolling(const RolloutCounts& n, PodShare max_surge,
                               PodShare max_unavailable) {
  RolloutStep step;
  const uint32_t surge = max_surge.Of(n.desired, true);
  uint32_t unavailable = std::min(n.desired, max_unavailable.Of(n.desired, false));
  if (surge == 0 && unavailable == 0) unavailable = 1;
  const uint32_t total = n.old_pods + n.new_pods;
  if (n.new_pods < n.desired && total < n.desired + surge) {
    step.create = std::min(n.desired + surge - total, n.desired - n.new_pods);
  }
  const int64_t least = int64_t{n.desired} - unavailable;
  const int64_t new_unready = int64_t{n.new_pods} + step.create - n.new_ready;
  const int64_t spare = int64_t{total} + step.create - least - new_unready;
  if (spare <= 0) return step;
  step.delete_unready = static_cast<uint32_t>(std::min<int64_t>(spare, n.old_pods - n.old_ready));
  const int64_t ready_spare = int64_t{n.old_ready} + n.new_ready - least;
  if (ready_spare > 0) {
    step.delete_ready = static_cast<uint32_t>(std::min<int64_t>(ready_spare, n.old_ready));
  }
  return step;
}

// Evictions that a disruption budget allows now: ready pods beyond those that must stay.
// minAvailable and maxUnavailable as percentages round up.
inline uint32_t DisruptionsAllowed(uint32_t expected, uint32_t ready, PodShare min_available,
                                   PodShare max_unavailable, bool by_unavailable) {
  const uint32_t must = by_unavailable
                            ? expected - std::min(expected, max_unavailable.Of(expected, true))
                            : min_available.Of(expected, true);
  return ready > must ? ready - must : 0;
}

}  // namespace simulator
