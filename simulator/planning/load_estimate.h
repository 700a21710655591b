#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"
#include "simulator/planning/mix_demand.h"

namespace simulator {

// Throughput, utilisation and mean response at a given load by approximate mean value analysis, the
// cost of waking sleepers included. An estimate between the bounds (bounds.h) and a simulation:
// milliseconds to work out, no interval, no tail.
//
// A closed system: the X with X (Z + R(X)) = N, where an arrival sees what the other N - 1 users
// keep busy: stations answer at X (N - 1) / N. For single servers that is Schweitzer's AMVA,
// R = D (1 + Q (N - 1) / N); connections wait by Erlang's C, workers by Welch's M/G/1 with
// wake-ups, the database by its contention curve (station_load.h). Open systems: R at the offered
// rate.
//
// Against the exact solution R is up to a fifth too long at the knee of some tens of users.
// Approximate where arrivals at a station are not Poisson (answers of one batch come together),
// where a request's commands to several shards overlap, and where a CPU limit's period matters.
// Without: failures, retries, overload control, faults, logins.
struct StationLoad {
  std::string name;             // as in Bounds.resources
  double demand_seconds = 0;    // of a request at this load, wake-ups included
  double utilisation = 0;       // of the capacity: what a run shows as busy
  double response_seconds = 0;  // part of a request's response
};

struct LoadEstimate {
  bool saturated = false;       // open: more is offered than can be done; the rest means nothing
  double throughput = 0;        // requests a second
  double response_seconds = 0;  // mean
  double wake_ups = 0;          // of workers, per request
  std::vector<StationLoad> stations;

  // Null when nothing is asked of it.
  const StationLoad* Find(const std::string& name) const;
};

// `pods` of the API are ready. Users (or the arrival rate) are the workload's.
LoadEstimate EstimateLoad(const Workload& workload, const SystemModel& system, uint32_t pods,
                          CacheAge age = CacheAge::Warm());

// The same at a given rate of requests.
LoadEstimate EstimateAtRate(const Workload& workload, const SystemModel& system, uint32_t pods,
                            double rate, CacheAge age = CacheAge::Warm());

// The mean response of a request that is alone in the system: it wakes everybody it visits. Above
// Bounds.unloaded_seconds where waking costs something.
double ResponseAlone(const Workload& workload, const SystemModel& system, uint32_t pods,
                     CacheAge age = CacheAge::Warm());

}  // namespace simulator
