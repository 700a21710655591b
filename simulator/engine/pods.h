#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "simulator/engine/nodes.h"
#include "simulator/engine/restart_backoff.h"
#include "simulator/engine/system_model.h"
#include "simulator/kernel/virtual_time.h"
#include "simulator/stations/cpu_quota.h"
#include "simulator/stations/fifo_server.h"

namespace simulator {

// What the kubelet saw of a pod at one instant.
struct PodPoint {
  Nanos time = 0;
  double cpu_ns = 0;      // cumulative CPU time
  uint64_t requests = 0;  // cumulative
  double memory_bytes = 0;
};

// A pod's life: created -> scheduled (needs room on a node) -> running -> ready -> terminating ->
// gone. Numbers are never reused: a container that is restarted gets the next number, its pod keeps
// its identity.
struct PodState {
  uint32_t identity = 0;  // number of the pod's first container
  uint32_t restarts = 0;
  uint32_t revision = 0;  // of the Deployment's template
  uint32_t node = kNoNode;
  RestartBackoff backoff;
  Nanos start_delay = 0;
  Nanos unready_since = kNever;
  Nanos stops_at = kNever;    // told to stop: accepts no connection from then on
  bool endpoint = false;      // who balances sends requests to it
  bool silent = false;        // its node is lost: nothing answers, nobody knows yet
  uint32_t ready_streak = 0;  // probes in a row that tell the other thing than now
  uint32_t live_failures = 0;
  Nanos created = 0;
  Nanos running = kNever;
  Nanos ready_at = kNever;
  Nanos terminating_since = kNever;
  bool scheduled = true;
  bool is_running = false;
  bool ready = false;
  bool terminating = false;
  bool gone = false;
  bool starving = false;  // lacks database connections
  uint32_t first_worker = 0;
  uint64_t requests = 0;
  uint64_t connections = 0;  // of users, when connections stick
  FifoServer hashing;
  CpuQuota quota;               // of all its processes
  std::deque<PodPoint> points;  // of the kubelet, newest last; two minutes of them

  // metrics-server's two newest kubelet points.
  PodPoint previous;
  PodPoint latest;
  bool has_previous = false;
  bool has_latest = false;
};

// The autoscaler of the API pods with its metrics pipeline: wraps the exact controller
// (simulator/hpa) and shows it what metrics-server and the custom metrics adapter would.
class Scaler {
 public:
  struct Answer {
    uint32_t desired = 0;
    bool written = false;
    std::string reason;
    std::string held_by;  // what kept the count from following the metrics; "": nothing did
  };

  virtual ~Scaler() = default;
  // metrics-server scrapes all pods: takes each running pod's newest kubelet point.
  virtual void Scrape(Nanos now, std::vector<PodState>& pods) = 0;
  // One reconcile of the controller.
  virtual Answer Synchronise(Nanos now, uint32_t current, const std::vector<PodState>& pods) = 0;

  // InvalidArgument when the autoscaler's message cannot be understood.
  static absl::StatusOr<std::unique_ptr<Scaler>> Create(const SystemModel& system);
};

}  // namespace simulator
