#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cpu_account.h"
#include "base/shared_counters.h"
#include "server/cost/request_cost.h"

// Metrics: what each operation cost, for all workers together.
//
// Counters live in base::SharedCounters: a worker writes its own slot, any worker renders the sum,
// and a dead worker's counts stay. Operations are the routes in the order of Routes(), and one
// more, "unmatched", for requests that never reached a route (404, 405, 400, 408, 413, 431).
//
// Latency counts from the moment the request's first bytes were readable to the moment its response
// is ready to be written. Buckets have an edge on each service level that the
// product states (kLatencyEdgesMs).
//
// CPU seconds by operation are the thread clock's slices of that operation's coroutines
// (base/cpu_account.h): reading, parsing, the handler, its callbacks and writing the response.
// Polling and the parsing of dependencies' replies before a coroutine resumes belong to no
// operation; they are in praxis_process_cpu_seconds_total (all threads of the worker) only.
//
// Other workers' figures are as of their last request; process CPU and connections are at most
// 100 ms old.

namespace server {

inline constexpr int kLatencyEdgesMs[] = {1,   2,   5,   10,  20,   50,   100,
                                          120, 150, 200, 500, 1000, 2000, 5000};

class Metrics {
 public:
  // The cells that `Metrics` needs; create the counters from it before the fork.
  static base::CounterLayout Layout();

  // `counters` is borrowed. `slot` is this worker's.
  Metrics(const base::SharedCounters& counters, int slot);

  // Index to pass for requests without a route.
  int unmatched() const { return static_cast<int>(accounts_.size()) - 1; }
  // The account that the operation's slices are charged to.
  base::CpuAccount* account(int operation) { return &accounts_[static_cast<size_t>(operation)]; }

  // A request ended. Call while its account is current.
  void Record(int operation, int status, int64_t latency_ns, const RequestCost& cost);
  void SetConnections(int connections);
  // Brings process CPU and accounts up to date; call now and then, and before Render.
  void Publish();

  // Prometheus text format 0.0.4.
  std::string Render() const;

 private:
  prometheus::MetricFamily Requests() const;
  prometheus::MetricFamily Latency() const;
  void AddCosts(std::vector<prometheus::MetricFamily>* families) const;
  void AddWorkers(std::vector<prometheus::MetricFamily>* families) const;
  size_t Cell(int operation, size_t field) const;
  void PublishAccount(int operation);

  const base::SharedCounters& counters_;
  base::CounterSlot slot_;
  std::vector<base::CpuAccount> accounts_;
  uint64_t process_cpu_seen_ = 0;
};

}  // namespace server
