#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/deployment.pb.h"
#include "model/profile.pb.h"
#include "model/scenario.pb.h"
#include "simulator/engine/cache_model.h"
#include "simulator/engine/nodes.h"
#include "simulator/engine/options.h"
#include "simulator/engine/redis_model.h"
#include "simulator/engine/rollout.h"
#include "simulator/engine/shared_host.h"
#include "simulator/engine/worker_queue.h"
#include "simulator/engine/workload.h"
#include "simulator/kernel/virtual_time.h"
#include "simulator/stations/demand.h"
#include "simulator/stations/flush_law.h"

namespace simulator {

// A deployment and a profile compiled for the engine. All times in nanoseconds, demands in
// nanoseconds of CPU (or of a shard's busy time) unless a name says otherwise.

// What one request of an operation asks of each resource. Means of the profile are per request
// over hits and misses; database demand is put on the misses alone: mean / (1 - hit rate).
struct OperationModel {
  DemandLaw server_cpu;
  DemandLaw segment;     // database CPU of one round trip (pipelined segment)
  CountLaw round_trips;  // on a miss
  CountLaw commits;      // whose flush the answer waits for, inside the last round trip
  CountLaw redis_commands;
  Nanos redis_busy = 0;  // of a shard per command
  DemandLaw blocking;    // password hashing pool
  bool cacheable = false;
  double hit_rate = 0;  // at full load, warm: worked out when `cache` is there, else observed
  std::optional<CacheModel> cache;  // absent: the hit rate is constant
  double visit_share = 0;           // of server_cpu, at each answer it waits for but the last
  double entry_bytes = 0;           // of a cached value in Redis
  bool waits = true;                // for Redis, the database, an audit record or hashing
  bool audited_read = false;        // PHI read: waits for its audit batch and that batch's flush
  CountLaw audits;                  // share of the requests that are audited
};

// A probe answered by the event loops: late by a worker's backlog.
struct ProbeModel {
  Nanos period = 0;  // 0: no such probe
  Nanos timeout = 0;
  uint32_t successes = 1;
  uint32_t failures = 3;
};

struct PodModel {
  std::string workload;
  uint32_t replicas = 1;
  uint32_t workers = 1;
  double limit_cores = 1;
  double worker_speed = 1;  // share of a core: min(1, limit / workers)
  // Of a core while work runs: worker_speed, or 1 where the limit's period is modelled.
  double run_speed = 1;
  Nanos limit_period = 0;
  Nanos limit_quota = 0;  // per period; 0: the limit is a slower CPU
  uint32_t connections_per_worker = 2;
  uint32_t audit_connections = 0;  // per worker, beside connections_per_worker
  uint32_t pipeline_depth = 1;
  Nanos pool_wait = 0;  // longest wait for a connection; 0: no limit, but none when none is up
  uint32_t pool_wait_limit = 1024;
  bool pool_lazy = false;
  Nanos request_deadline = 0;  // of waits for the database, from when a worker takes the request
  int64_t request_millicores = 0;
  int64_t request_memory_bytes = 0;
  double start_median_seconds = 0;  // created to containers running, lognormal
  double start_sigma = 0;
  Nanos ready_after = 0;  // running to ready
  Nanos pre_stop = 0;
  Nanos grace = 0;
  ProbeModel readiness;
  ProbeModel liveness;
  Nanos image_pull = 0;  // the first time on a node
  PodShare max_surge;
  PodShare max_unavailable;
  // Of the disruption budget that selects it; the first counts.
  bool budget = false;
  bool budget_by_unavailable = false;
  PodShare budget_share;
  double base_memory_bytes = 0;
  double connection_memory_bytes = 0;
  double request_held_bytes = 0;                  // of a request while it is inside
  double limit_memory_bytes = 0;                  // 0: none
  uint64_t connections_in_memory = ~uint64_t{0};  // with no request inside
};

// What requests share when there are several: charged by state, so that a request costs the less
// the busier its worker and its backend are (simulator/stations/event_loop.h). All 0: demands hold
// at every load, and requests visit their worker at the start and at the end only.
struct WakeUpModel {
  Nanos turn = 0;               // of a worker's event loop, on top of the work in it
  Nanos server = 0;             // more, when the worker slept
  double server_per_slept = 0;  // and more for each nanosecond of its sleep, up to `longest_sleep`
  Nanos longest_sleep = 0;
  double database = 0;            // of a backend that has no segment waiting
  double database_per_slept = 0;  // as for the server
  Nanos longest_database_sleep = 0;
  bool any() const {
    return turn > 0 || server > 0 || database > 0 || server_per_slept > 0 || database_per_slept > 0;
  }
};

struct DatabaseModel {
  double cores = 1;
  double sigma = 0;
  double kappa = 0;
  uint32_t usable_connections = 0;  // for the API, after reserved ones and other workloads
  Nanos flush = 0;                  // mean
  FlushLaw flush_law;               // constant when the profile has no quantiles
  Nanos round_trip = 0;             // network, server to the database
  double audit_batch = 0;           // CPU of a batch of audit records, and of each record in it
  double audit_row = 0;
  Nanos audit_insert = 0;  // from handing over an audit batch to its commit
  double connect = 0;      // CPU of a new connection
  double connection_bytes = 0;
  double shared_bytes = 0;
  double memory_bytes = 0;  // 0: not known, never exceeded

  bool commit_waits = true;
  bool synchronous_standby = false;
  uint32_t standbys = 0;
  Nanos standby_round_trip = 0;
  Nanos standby_flush = 0;
  Nanos promotion_after = kNever;  // from the primary's loss; kNever: nobody promotes
  Nanos restart = 0;

  bool pooled = false;
  bool pooler_session = false;
  uint32_t pooler_processes = 1;
  uint32_t pooler_pool_size = 0;    // server connections of each process
  uint32_t pooler_max_clients = 0;  // of each process
  Nanos pooler_query_wait = 0;
  Nanos pooler_query = 0;  // of its thread per transaction

  double wal_bytes_per_write = 0;
  double wal_bytes_per_audit = 0;
  double storage_bytes_per_write = 0;
  double storage_bytes_per_audit = 0;
  double storage_bytes = 0;
};

struct SystemModel {
  std::vector<OperationModel> operations;  // as Workload::operations
  bool token_refresh = false;              // asked for by the scenario, and its cost is known
  PodModel pod;
  OverloadModel overload;
  DatabaseModel database;
  ClusterModel cluster;
  Nanos node_start = 0;      // of a new node, after the autoscaler's scan
  Nanos node_not_ready = 0;  // silence until a node counts as not ready
  Nanos eviction = 0;        // and then until its pods are given up
  Nanos endpoint_lag = 0;    // until who balances knows that a pod is no longer ready
  bool ingress = false;      // tries another pod when one refuses
  RedisModel redis;
  std::vector<double> shard_cumulative;  // share of keys' popularity per Redis shard; last is 1
  Nanos round_trip = 0;                  // network, server to Redis
  Nanos client_round_trip = 0;           // part of every response time
  WakeUpModel wake;
  HostModel host;
  bool per_request = false;     // balancing: each request, else a connection sticks
  Nanos ingress_handshake = 0;  // as ingress_cpu, of a client's new TLS connection
  Nanos ingress_keep_alive = 0;
  uint32_t ingress_replicas = 1;
  bool vertical = false;  // a VerticalPodAutoscaler looks at the API: its recommendation is told
  Nanos ingress_cpu = 0;  // per request at the ingress's whole speed; 0: no queue
  double ingress_cores = 0;
  std::optional<model::Autoscaler> autoscaler;
  Nanos scrape = 15 * kSecond;
  Nanos sync = 15 * kSecond;
  bool custom_metrics = false;
  std::vector<std::string> exported_metrics;
  std::vector<std::string> warnings;
  std::vector<std::string> not_modelled;

  // InvalidArgument with one line naming the message and field: no API workload, no CPU limit, no
  // database although the profile uses one, an operation that the profile does not know.
  static absl::StatusOr<SystemModel> Compile(const model::Scenario& scenario,
                                             const Workload& workload,
                                             const model::Deployment& deployment,
                                             const model::Profile& profile,
                                             const RunOptions& options);
};

}  // namespace simulator
