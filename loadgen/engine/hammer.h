#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/engine/run_control.h"
#include "loadgen/engine/target.h"
#include "loadgen/engine/worker_pool.h"

// The plain hammer: one fixed request, sent again on each connection as soon as the last answer is
// there. A closed model without think time: the intended start of a request is the moment of the
// answer before, so its response time is the service time.
namespace loadgen {

inline constexpr char kHammerOperation[] = "hit";

struct HammerOptions {
  Target target;
  std::vector<in_addr> sources;
  uint32_t connections = 64;  // of all workers together
  int64_t timeout_ns = 10'000'000'000;
  std::string request;  // whole, as sent
};

// A worker's part: connections i with i % plan.workers == worker.
void RunHammer(const HammerOptions& options, const RunPlan& plan, WorkerChannel& channel);

}  // namespace loadgen
