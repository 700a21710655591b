#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "loadgen/engine/recorder.h"
#include "loadgen/engine/worker_pool.h"
#include "model/result.pb.h"

// A run from the parent's and from a worker's point of view. All times CLOCK_MONOTONIC ns; the
// workers of a run share one `start_ns`, a moment in the near future.
namespace loadgen {

struct RunPlan {
  int workers = 1;
  int64_t start_ns = 0;
  int64_t window_from_ns = 0;  // the ramp is over: from here on the total counts
  int64_t window_to_ns = 0;    // up to here, at most end_ns
  int64_t end_ns = 0;          // nothing is released any more
  int64_t drain_ns = 0;        // longest wait for answers under way after the end
  bool progress = true;        // a line a second on stderr
};

struct FinishedRun {
  model::Result result;      // all but scenario, thresholds and users
  bool interrupted = false;  // by SIGINT or SIGTERM; the result covers what was done until then
};

// Runs `body` in plan.workers processes and joins their reports. The result is marked invalid when
// the generator was the bottleneck (validity.h). An error when a worker broke.
absl::StatusOr<FinishedRun> RunWorkers(const RunPlan& plan, const WorkerPool::Body& body);

// A worker's duties beside its users: the report of each second, CPU time in the window, the end.
class WorkerRun {
 public:
  WorkerRun(const RunPlan& plan, WorkerChannel* channel, Recorder* recorder);

  // True until the end of the plan or a request to stop.
  bool Releasing(int64_t now_ns);
  // True while answers under way may still be waited for.
  bool Draining(int64_t now_ns) const;
  // To be called at least when NextTick() has passed.
  void Tick(int64_t now_ns, uint64_t users, uint64_t connections);
  int64_t NextTick() const { return next_second_ns_; }
  // When releasing ended: the plan's end or the moment of the request to stop.
  int64_t released_until_ns() const { return stopped_ns_; }
  // Sends the last reports.
  void Finish(int64_t now_ns, uint64_t users, uint64_t connections);

 private:
  void StartWindow();

  const RunPlan plan_;
  WorkerChannel* const channel_;
  Recorder* const recorder_;
  int64_t second_ = 0;
  int64_t next_second_ns_;
  int64_t stopped_ns_ = 0;
  bool in_window_ = false;
  int64_t window_cpu_ns_ = 0, window_wait_ns_ = 0, window_started_ns_ = 0;
  double utilisation_ = 0, waiting_ = 0;
};

}  // namespace loadgen
