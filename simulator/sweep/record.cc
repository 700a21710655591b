#include "simulator/sweep/record.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

// A figure of ReplicationResult and the field that keeps it: one table for both directions.
template <typename Value>
struct Figure {
  Value ReplicationResult::*member;
  Value (ReplicationRecord::*get)() const;
  void (ReplicationRecord::*set)(Value);
};

#define PRAXIS_FIGURE(member, field) \
  { &ReplicationResult::member, &ReplicationRecord::field, &ReplicationRecord::set_##field }

constexpr Figure<uint32_t> kLevels[] = {
    PRAXIS_FIGURE(pods_max, pods_max),
    PRAXIS_FIGURE(pods_end, pods_end),
    PRAXIS_FIGURE(database_connections_max, database_connections_max),
};

constexpr Figure<int64_t> kTimes[] = {
    PRAXIS_FIGURE(measured_from, measured_from_ns),
    PRAXIS_FIGURE(measured_to, measured_to_ns),
};

constexpr Figure<uint64_t> kCounters[] = {
    PRAXIS_FIGURE(started, started),
    PRAXIS_FIGURE(commits_lost, commits_lost),
    PRAXIS_FIGURE(writes, writes),
    PRAXIS_FIGURE(audit_rows, audit_rows),
    PRAXIS_FIGURE(attempts, attempts),
    PRAXIS_FIGURE(handshakes, handshakes),
    PRAXIS_FIGURE(answers, answers),
    PRAXIS_FIGURE(wasted_answers, wasted_answers),
    PRAXIS_FIGURE(rejected, rejected),
    PRAXIS_FIGURE(shed, shed),
    PRAXIS_FIGURE(dropped, dropped),
    PRAXIS_FIGURE(breakers_opened, breakers_opened),
    PRAXIS_FIGURE(turns, turns),
    PRAXIS_FIGURE(wake_ups, wake_ups),
    PRAXIS_FIGURE(cache_lookups, cache_lookups),
    PRAXIS_FIGURE(cache_hits, cache_hits),
    PRAXIS_FIGURE(cache_loads, cache_loads),
    PRAXIS_FIGURE(cache_shared, cache_shared),
    PRAXIS_FIGURE(redis_commands, redis_commands),
    PRAXIS_FIGURE(redis_refused, redis_refused),
    PRAXIS_FIGURE(requests, requests),
    PRAXIS_FIGURE(kernel_events, kernel_events),
};

constexpr Figure<double> kAmounts[] = {
    PRAXIS_FIGURE(worked, worked_ns),
    PRAXIS_FIGURE(wasted, wasted_ns),
    PRAXIS_FIGURE(peak_per_second, peak_per_second),
};

#undef PRAXIS_FIGURE

// A member more in ReplicationResult does not compile here: it needs a figure above, or lines in
// ToRecord and FromRecord, and then its name here. `unstable` and `violation` are not kept: a run
// that has one of them ends the sweep.
[[maybe_unused]] void EveryMemberIsKept(const ReplicationResult& result) {
  const auto& [operations, series, shard_series, events, measured_from, measured_to, uses, pods_max,
               pods_end, database_connections_max, started, commits_lost, writes, audit_rows,
               attempts, handshakes, vertical_cores, answers, wasted_answers, rejected, shed,
               dropped, breakers_opened, worked, wasted, turns, wake_ups, cache_lookups, cache_hits,
               cache_loads, cache_shared, redis_commands, redis_refused, peak_per_second, requests,
               kernel_events, unstable, violation] = result;
  static_cast<void>(operations);
}

template <typename Value, size_t kSize>
void Keep(const Figure<Value> (&figures)[kSize], const ReplicationResult& result,
          ReplicationRecord* record) {
  for (const Figure<Value>& figure : figures) (record->*figure.set)(result.*figure.member);
}

template <typename Value, size_t kSize>
void Recall(const Figure<Value> (&figures)[kSize], const ReplicationRecord& record,
            ReplicationResult* result) {
  for (const Figure<Value>& figure : figures) result->*figure.member = (record.*figure.get)();
}

absl::StatusOr<OperationStats> StatsOf(const OperationRecord& operation) {
  OperationStats stats;
  if (operation.outcomes_size() != static_cast<int>(stats.outcomes.size())) {
    return absl::InvalidArgumentError(absl::StrCat("expected ", stats.outcomes.size(),
                                                   " outcomes, found ", operation.outcomes_size()));
  }
  std::copy(operation.outcomes().begin(), operation.outcomes().end(), stats.outcomes.begin());
  auto response = model::Histogram::FromProto(operation.response());
  if (!response.ok()) return response.status();
  stats.response = *std::move(response);
  return stats;
}

}  // namespace

ReplicationRecord ToRecord(const ReplicationResult& result) {
  ReplicationRecord record;
  for (const OperationStats& stats : result.operations) {
    OperationRecord& operation = *record.add_operations();
    for (const uint64_t count : stats.outcomes) operation.add_outcomes(count);
    *operation.mutable_response() = stats.response.ToProto();
  }
  for (const std::vector<double>& values : result.series) {
    record.add_series()->mutable_value()->Add(values.begin(), values.end());
  }
  for (const std::vector<double>& values : result.shard_series) {
    record.add_shard_series()->mutable_value()->Add(values.begin(), values.end());
  }
  for (const model::Event& event : result.events) *record.add_events() = event;
  for (const ReplicationResult::Use& use : result.uses) {
    UseRecord& item = *record.add_uses();
    item.set_name(use.name);
    item.set_busy(use.busy);
    item.set_capacity(use.capacity);
  }
  record.mutable_vertical_cores()->Add(result.vertical_cores.begin(), result.vertical_cores.end());
  Keep(kLevels, result, &record);
  Keep(kTimes, result, &record);
  Keep(kCounters, result, &record);
  Keep(kAmounts, result, &record);
  return record;
}

absl::StatusOr<ReplicationResult> FromRecord(const ReplicationRecord& record) {
  ReplicationResult result;
  if (record.series_size() != static_cast<int>(result.series.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", result.series.size(), " series, found ", record.series_size()));
  }
  for (const OperationRecord& operation : record.operations()) {
    auto stats = StatsOf(operation);
    if (!stats.ok()) return stats.status();
    result.operations.push_back(*std::move(stats));
  }
  for (size_t i = 0; i < result.series.size(); ++i) {
    const auto& values = record.series(static_cast<int>(i)).value();
    result.series[i].assign(values.begin(), values.end());
  }
  for (const SeriesRecord& series : record.shard_series()) {
    result.shard_series.emplace_back(series.value().begin(), series.value().end());
  }
  result.events.assign(record.events().begin(), record.events().end());
  for (const UseRecord& use : record.uses()) {
    result.uses.push_back({use.name(), use.busy(), use.capacity()});
  }
  const int cores = std::min<int>(record.vertical_cores_size(), result.vertical_cores.size());
  std::copy_n(record.vertical_cores().begin(), cores, result.vertical_cores.begin());
  Recall(kLevels, record, &result);
  Recall(kTimes, record, &result);
  Recall(kCounters, record, &result);
  Recall(kAmounts, record, &result);
  return result;
}

}  // namespace simulator
