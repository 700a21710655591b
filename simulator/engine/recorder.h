#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/histogram.h"
#include "model/result.pb.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// How a request ended, as the client sees it. The names are those of Result.outcomes.
enum Outcome : uint8_t {
  kOk,
  kTimeout,        // no answer within the scenario's timeout; the server still does the work
  kRefused,        // no ready pod to connect to
  kPoolExhausted,  // 503: no database connection, or its wait queue was full
  kOverloaded,     // 503: the worker's queue was full
  kShed,           // 503: the server turned it away although it had room
  kReset,          // the connection broke while the request was under way
  kBreakerOpen,    // never sent: the client's circuit breaker was open
  kOutcomes,
};
const char* OutcomeName(Outcome outcome);

struct OperationStats {
  std::array<uint64_t, kOutcomes> outcomes{};
  model::Histogram response;  // everything that got an answer or timed out
};

// The time series of a result, in this order.
enum SeriesId : size_t {
  kUsers,
  kStarted,
  kFinished,
  kAttempts,
  kGoodput,
  kP50,
  kP95,
  kP99,
  kConnections,
  kErrorsTimeout,
  kErrorsRefused,
  kErrorsPool,
  kErrorsOverloaded,
  kErrorsReset,
  kPodsDesired,
  kPodsReady,
  kServerCpu,
  kDatabaseCpu,
  kRedisShard,
  kDatabaseQueue,
  kPoolWait,
  kDatabaseConnections,
  kCacheHitRate,
  kErrorsShed,  // these only with what they count: else empty, and not in the Result
  kErrorsBreaker,
  kDeadlineDrops,
  kWastedWork,
  kRedisRefused,
  kSeriesCount,
};
const char* SeriesName(size_t id);

// What one replication found. Replications are merged in their order, exactly.
struct ReplicationResult {
  std::vector<OperationStats> operations;                // over the measured window
  std::array<std::vector<double>, kSeriesCount> series;  // over the whole run
  // utilisation.redis.N: busy share of each shard over time, from the step in which it came.
  std::vector<std::vector<double>> shard_series;
  std::vector<model::Event> events;
  Nanos measured_from = 0;
  Nanos measured_to = 0;

  // Over the measured window, in the unit of the capacity.
  struct Use {
    std::string name;
    double busy = 0;
    double capacity = 0;
  };
  std::vector<Use> uses;
  uint32_t pods_max = 0;  // ready at once, whole run
  uint32_t pods_end = 0;
  uint32_t database_connections_max = 0;
  uint64_t started = 0;       // requests, over the measured window, as the following
  uint64_t commits_lost = 0;  // acknowledged, whole run
  uint64_t writes = 0;        // transactions that commit something, over the measured window
  uint64_t audit_rows = 0;    // of reads, over the measured window
  uint64_t attempts = 0;
  uint64_t handshakes = 0;                 // TLS, at the ingress
  std::array<double, 3> vertical_cores{};  // recommended at the end: target, lower, upper
  uint64_t answers = 0;                    // of the server
  uint64_t wasted_answers = 0;             // came when the client had given up
  uint64_t rejected = 0;                   // attempts that no server took in
  uint64_t shed = 0;                       // answered 503 by a server that had taken them in
  uint64_t dropped = 0;                    // by the server, whose clients had given up
  uint64_t breakers_opened = 0;
  double worked = 0;   // worker CPU of the attempts that ended at the server, ns
  double wasted = 0;   // of them, what nobody waited for any more or was given up half way
  uint64_t turns = 0;  // of event loops, when wake-ups are modelled
  uint64_t wake_ups = 0;
  uint64_t cache_lookups = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_loads = 0;   // from the database, where keys are simulated
  uint64_t cache_shared = 0;  // misses that another request's load answered
  uint64_t redis_commands = 0;
  uint64_t redis_refused = 0;  // of them, never answered or answered with an error
  double peak_per_second = 0;  // highest finished rate of a step
  uint64_t requests = 0;       // finished, whole run
  uint64_t kernel_events = 0;  // whole run
  std::string unstable;        // not empty: more comes than can be done, the run was ended early
  std::string violation;       // a law that does not hold: the run is wrong, not the system
};

// Counts requests while the simulation runs. The histogram of the current step is separate from
// the window's, so both percentiles over time and over the window are exact to three digits.
class Recorder {
 public:
  explicit Recorder(size_t operations) { result.operations.resize(operations); }

  void Finished(Nanos start, Nanos now, uint16_t operation, Outcome outcome) {
    ++step_outcomes_[outcome];
    ++result.requests;
    if (Timed(outcome)) step_.Record(now - start);
    if (!measuring_) return;
    response_sum_ += now - start;
    OperationStats& stats = result.operations[operation];
    ++stats.outcomes[outcome];
    if (Timed(outcome)) stats.response.Record(now - start);
  }
  // Does a request that ended so have a response time? Not what no server ever saw or answered.
  static bool Timed(Outcome outcome) {
    return outcome != kRefused && outcome != kBreakerOpen && outcome != kReset;
  }

  void BeginMeasuring() { measuring_ = true; }
  void EndMeasuring() { measuring_ = false; }
  // Sum of the response times of all requests that finished in the window, ns.
  __int128 response_sum() const { return response_sum_; }

  // Appends the percentiles and counts of the step that ends; `resilience`: also those of shedding
  // and breakers.
  void EndStep(double step_seconds, bool resilience);

  ReplicationResult result;

 private:
  bool measuring_ = false;
  __int128 response_sum_ = 0;
  std::array<uint64_t, kOutcomes> step_outcomes_{};
  model::CompactHistogram step_;
};

}  // namespace simulator
