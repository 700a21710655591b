#pragma once

#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"

namespace simulator {

// How old the cache is: a run begins with an empty one.
struct CacheAge {
  // The fewest misses that there can be: just before the first values expire, or later, whichever
  // has more hits. For bounds.
  static CacheAge Best() { return {-1}; }
  // Long after the start. For estimates.
  static CacheAge Warm() { return {1e300}; }
  double seconds = 1e300;
};

// Mean work and visits of one request of the mix, logins left out: they come once a user. Seconds
// of CPU (of a thread, of a shard), without any waiting. What a saturated system spends: the cost
// of waking a sleeping process is not in it (load_estimate.h).
struct MixDemand {
  double server = 0;
  double database = 0;    // of its segments, and of the audit records that its reads must write
  double connection = 0;  // a connection's time: segments and the flushes it is held for
  double pooler = 0;      // of PgBouncer's thread
  double redis = 0;
  double hashing = 0;
  // Mean response of a request that is alone and finds everybody awake: the lower bound R0.
  double unloaded = 0;

  // Visits of the worker: the arrival and each answer awaited; second moment of one visit's work.
  double visits = 0;
  double visit_second_moment = 0;
  double segments = 0;        // database round trips
  double segment_work = 0;    // database work of them, without audit records
  double commits = 0;         // requests that wait for the flush of their own transaction
  double extra_commits = 0;   // flushes beyond the first of such a request
  double audits = 0;          // requests that wait for their audit record
  double redis_commands = 0;  // each an answer of a shard
  double redis_requests = 0;  // requests that ask Redis
  double hashing_requests = 0;
  double hashing_second_moment = 0;
};

// When the whole mix comes at `throughput` requests a second: the cache's hits follow it.
MixDemand DemandOf(const Workload& workload, const SystemModel& system, double throughput,
                   CacheAge age);

}  // namespace simulator
