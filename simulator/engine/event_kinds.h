#pragma once

#include <cstdint>

namespace simulator {

// What an event of a replication's queue means, and what its index refers to. At most 32 kinds
// (kernel/event_queue.h).
enum EventKind : uint32_t {
  kAtWorker,  // index: request, as of the following
  kFirstCpuDone,
  kMiddleCpuDone,
  kRedisDone,
  kSegmentAnswered,
  kAnswered,
  kHashed,
  kCommitFlushed,      // index: connection
  kAuditInserted,      // index: worker
  kAuditDurable,       // index: worker
  kWorkerFree,         // index: worker; with a queue that is decided late
  kDatabaseConnected,  // index: the tier's own, as of kDatabaseControl
  kPoolerForwarded,    // index: connection
  kPoolerReturned,     // index: request
  kDatabaseControl,
  kPodRunning,  // index: pod, as of the following
  kPodReady,
  kPodGone,
  kKubelet,
  kControl,  // index: a Control
  kFault,    // index: occurrence, as of the following
  kFaultOver,
  kCluster,       // index: a ClusterEvent x kClusterValues + a pod or node
  kFaultProcess,  // index: process of the plan x 2, + 1 when it fails
};

}  // namespace simulator
