#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/faults/fault_plan.h"

namespace simulator {

// What a run is asked to do beyond its three inputs. Negative or zero values marked "unset" take
// the scenario's or the documented default.
struct RunOptions {
  uint64_t users = 0;              // unset: the scenario's; else stages are scaled to this maximum
  double rate_per_second = 0;      // open models: as users, for the largest arrival rate
  double think_time_seconds = -1;  // unset: the scenario's; else all laws are scaled to this mean
  double ramp_seconds = -1;        // with duration_seconds: replaces the scenario's stages
  double duration_seconds = -1;    // hold at the full number of users
  double settle_seconds = -1;      // after the ramp, before measuring; unset: see Settle()
  double step_seconds = 5;         // of the time series
  uint64_t seed = 1;
  uint32_t replications = 3;
  uint32_t first_replication = 0;  // number of the first: others continue where these ended
  bool settle_by_mser = false;     // measuring begins where MSER-5 says, in place of settle_seconds
  // Above 0: at least `replications`, then more until the replication part of each of these
  // quantities is at most this share of its value.
  double precision = 0;
  std::vector<std::string> precision_of = {"p95_ms"};
  uint32_t maximum_replications = 100;
  uint32_t threads = 2;      // replications at the same time; never changes the result
  bool count_users = true;   // where that is exact (Simulation::CountsSuffice); else a record each
  uint32_t fixed_pods = 0;   // unset: the deployment's autoscaler decides (or its replicas)
  double model_error = 0.2;  // relative, of CPU, pods and shards; an assumption
  // Relative, of latencies: how far a prediction of a measured run was off, when somebody measured
  // that; negative: not measured, model_error counts.
  double latency_model_error = -1;

  // A fault: the pods' CPU has only `factor` of its speed for a while, as when others on their
  // nodes take it. Seconds from the start of the run; none when the duration is 0.
  struct Slowdown {
    double start_seconds = 0;
    double duration_seconds = 0;
    double factor = 1;
  };
  Slowdown slowdown;
  FaultPlan faults;  // beside that slowdown, and not overlapping it

  // Bounds of the server that no manifest carries.
  uint32_t worker_queue_limit = 4096;  // requests inside one worker; beyond it 503 at once
  uint32_t pool_wait_limit = 1024;     // requests that wait for a connection, per worker
  uint64_t waiting_limit =
      1'000'000;                 // open models: more unanswered requests end the run, unstable
  uint32_t cache_keys = 100000;  // keys over which popularity is spread on the Redis shards

  // The world behind the cache's keys. Unset (0): the server's default seed, with as many clinics
  // as give each of the scenario's patients an entry of their own.
  uint64_t clinics = 0;
  uint64_t doctors_per_clinic = 0;
  uint64_t patients_per_clinic = 0;
  // How the cache is worked out: by hit rates, or key by key, with one load per key and worker at a
  // time (our server's way) or one for each miss.
  enum class Cache : uint8_t { kRates, kKeys, kKeysWithoutFlights };
  Cache cache = Cache::kRates;
  double cache_ttl_seconds = 0;  // of every cached value; unset (0): the profile's
};

}  // namespace simulator
