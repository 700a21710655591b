#include "server/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "server/routes/route_table.h"

namespace server {
namespace {

// Cells of one operation, in this order from its first cell.
enum Field : size_t {
  kStatus = 0,  // 1xx .. 5xx
  kBuckets = kStatus + 5,
  kLatencyNs = kBuckets + std::size(kLatencyEdgesMs) + 1,  // the last bucket is +Inf
  kCpuNs,
  kStatements,
  kRoundTrips,
  kRedisCommands,
  kCacheHits,
  kCacheMisses,
  kBlockingCpuNs,
  kAuditRows,
  kFields,
};

size_t Operations() { return Routes().size() + 1; }
size_t ProcessCpuCell() { return Operations() * kFields; }
size_t ConnectionsCell() { return ProcessCpuCell() + 1; }

std::string OperationName(size_t operation) {
  return operation < Routes().size() ? std::string(Routes()[operation].operation) : "unmatched";
}

prometheus::ClientMetric WithLabels(std::vector<prometheus::ClientMetric::Label> labels) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  return metric;
}

prometheus::MetricFamily Counter(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Counter, {}};
}

}  // namespace

base::CounterLayout Metrics::Layout() {
  base::CounterLayout layout;
  for (size_t i = 0; i < Operations(); ++i) {
    layout.AddArray(absl::StrCat("operation ", OperationName(i)), kFields);
  }
  layout.Add("process_cpu_ns");
  layout.AddGauge("connections");
  return layout;
}

Metrics::Metrics(const base::SharedCounters& counters, int slot)
    : counters_(counters), slot_(counters.slot(slot)), accounts_(Operations()) {}

size_t Metrics::Cell(int operation, size_t field) const {
  return static_cast<size_t>(operation) * kFields + field;
}

void Metrics::PublishAccount(int operation) {
  base::CpuAccount& account = accounts_[static_cast<size_t>(operation)];
  if (account.nanos == 0) return;
  slot_.Add(Cell(operation, kCpuNs), account.nanos);
  account.nanos = 0;
}

void Metrics::Record(int operation, int status, int64_t latency_ns, const RequestCost& cost) {
  const int status_class = std::clamp(status / 100, 1, 5) - 1;
  slot_.Add(Cell(operation, kStatus + static_cast<size_t>(status_class)));
  size_t bucket = 0;
  while (bucket < std::size(kLatencyEdgesMs) &&
         latency_ns > kLatencyEdgesMs[bucket] * base::kNanosPerMillisecond) {
    ++bucket;
  }
  slot_.Add(Cell(operation, kBuckets + bucket));
  slot_.Add(Cell(operation, kLatencyNs), static_cast<uint64_t>(std::max<int64_t>(latency_ns, 0)));
  PublishAccount(operation);
  const std::pair<size_t, int64_t> counts[] = {
      {kStatements, cost.statements},        {kRoundTrips, cost.round_trips},
      {kRedisCommands, cost.redis_commands}, {kCacheHits, cost.cache_hits},
      {kCacheMisses, cost.cache_misses},     {kBlockingCpuNs, cost.blocking_cpu_ns},
      {kAuditRows, cost.audit_rows}};
  for (const auto& [field, count] : counts) {
    if (count > 0) slot_.Add(Cell(operation, field), static_cast<uint64_t>(count));
  }
}

void Metrics::SetConnections(int connections) {
  slot_.Set(ConnectionsCell(), static_cast<uint64_t>(connections));
}

void Metrics::Publish() {
  for (size_t i = 0; i < accounts_.size(); ++i) PublishAccount(static_cast<int>(i));
  const auto now = static_cast<uint64_t>(base::ProcessCpuNow());
  slot_.Add(ProcessCpuCell(), now - process_cpu_seen_);
  process_cpu_seen_ = now;
}

prometheus::MetricFamily Metrics::Requests() const {
  prometheus::MetricFamily family =
      Counter("praxis_requests_total", "Requests answered, by operation and class of status.");
  for (size_t i = 0; i < Operations(); ++i) {
    for (size_t c = 0; c < 5; ++c) {
      const uint64_t count = counters_.Sum(Cell(static_cast<int>(i), kStatus + c));
      if (count == 0 && c != 1) continue;  // 2xx always, others once they occur
      auto metric = WithLabels(
          {{"operation", OperationName(i)}, {"status_class", absl::StrCat(c + 1, "xx")}});
      metric.counter.value = static_cast<double>(count);
      family.metric.push_back(std::move(metric));
    }
  }
  return family;
}

prometheus::MetricFamily Metrics::Latency() const {
  prometheus::MetricFamily family = {"praxis_request_seconds",
                                     "From the request's first bytes to its response.",
                                     prometheus::MetricType::Histogram,
                                     {}};
  for (size_t i = 0; i < Operations(); ++i) {
    const int operation = static_cast<int>(i);
    auto metric = WithLabels({{"operation", OperationName(i)}});
    uint64_t cumulative = 0;
    for (size_t b = 0; b <= std::size(kLatencyEdgesMs); ++b) {
      cumulative += counters_.Sum(Cell(operation, kBuckets + b));
      const double edge = b < std::size(kLatencyEdgesMs) ? kLatencyEdgesMs[b] / 1000.0
                                                         : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({cumulative, edge});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum =
        static_cast<double>(counters_.Sum(Cell(operation, kLatencyNs))) / 1e9;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

void Metrics::AddCosts(std::vector<prometheus::MetricFamily>* families) const {
  struct Series {
    const char* name;
    const char* help;
    Field field;
    double scale;
  };
  constexpr Series kSeries[] = {
      {"praxis_cpu_seconds_total", "Event loop CPU of the operation.", kCpuNs, 1e-9},
      {"praxis_statements_total", "SQL statements.", kStatements, 1},
      {"praxis_round_trips_total", "Segments sent to PostgreSQL.", kRoundTrips, 1},
      {"praxis_redis_commands_total", "Commands sent to Redis.", kRedisCommands, 1},
      {"praxis_cache_hits_total", "Answers from the cache.", kCacheHits, 1},
      {"praxis_cache_misses_total", "Cache look-ups that went to the database.", kCacheMisses, 1},
      {"praxis_blocking_cpu_seconds_total", "CPU in the blocking pool.", kBlockingCpuNs, 1e-9},
      {"praxis_audit_rows_total", "Audit rows made durable.", kAuditRows, 1},
  };
  for (const Series& series : kSeries) {
    prometheus::MetricFamily family = Counter(series.name, series.help);
    for (size_t i = 0; i < Operations(); ++i) {
      const uint64_t sum = counters_.Sum(Cell(static_cast<int>(i), series.field));
      auto metric = WithLabels({{"operation", OperationName(i)}});
      metric.counter.value = static_cast<double>(sum) * series.scale;
      family.metric.push_back(std::move(metric));
    }
    families->push_back(std::move(family));
  }
}

void Metrics::AddWorkers(std::vector<prometheus::MetricFamily>* families) const {
  prometheus::MetricFamily cpu =
      Counter("praxis_process_cpu_seconds_total", "CPU of all threads of a worker process.");
  prometheus::MetricFamily connections = {
      "praxis_connections", "Open client connections.", prometheus::MetricType::Gauge, {}};
  for (int i = 0; i < counters_.slots(); ++i) {
    const base::CounterSlot slot = counters_.slot(i);
    auto metric = WithLabels({{"worker", absl::StrCat(i)}});
    metric.counter.value = static_cast<double>(slot.Get(ProcessCpuCell())) / 1e9;
    cpu.metric.push_back(metric);
    metric.gauge.value = static_cast<double>(slot.Get(ConnectionsCell()));
    connections.metric.push_back(std::move(metric));
  }
  families->push_back(std::move(cpu));
  families->push_back(std::move(connections));
}

std::string Metrics::Render() const {
  std::vector<prometheus::MetricFamily> families;
  families.push_back(Requests());
  families.push_back(Latency());
  AddCosts(&families);
  AddWorkers(&families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace server
