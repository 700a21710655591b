#include "simulator/sweep/record.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace simulator {

ReplicationRecord ToRecord(const ReplicationResult& result) {
  ReplicationRecord record;
  for (const OperationStats& stats : result.operations) {
    OperationRecord& operation = *record.add_operations();
    for (const uint64_t count : stats.outcomes) operation.add_outcomes(count);
    *operation.mutable_response() = stats.response.ToProto();
  }
  for (const std::vector<double>& values : result.series) {
    SeriesRecord& series = *record.add_series();
    series.mutable_value()->Add(values.begin(), values.end());
  }
  for (const model::Event& event : result.events) *record.add_events() = event;
  record.set_measured_from_ns(result.measured_from);
  record.set_measured_to_ns(result.measured_to);
  for (const ReplicationResult::Use& use : result.uses) {
    UseRecord& item = *record.add_uses();
    item.set_name(use.name);
    item.set_busy(use.busy);
    item.set_capacity(use.capacity);
  }
  record.set_pods_max(result.pods_max);
  record.set_pods_end(result.pods_end);
  record.set_database_connections_max(result.database_connections_max);
  record.set_attempts(result.attempts);
  record.set_answers(result.answers);
  record.set_wasted_answers(result.wasted_answers);
  record.set_cache_lookups(result.cache_lookups);
  record.set_cache_hits(result.cache_hits);
  record.set_peak_per_second(result.peak_per_second);
  record.set_requests(result.requests);
  record.set_kernel_events(result.kernel_events);
  record.set_started(result.started);
  record.set_shed(result.shed);
  record.set_dropped(result.dropped);
  record.set_breakers_opened(result.breakers_opened);
  record.set_worked_ns(result.worked);
  record.set_wasted_ns(result.wasted);
  record.set_rejected(result.rejected);
  record.set_turns(result.turns);
  record.set_wake_ups(result.wake_ups);
  for (const std::vector<double>& values : result.shard_series) {
    record.add_shard_series()->mutable_value()->Add(values.begin(), values.end());
  }
  record.set_handshakes(result.handshakes);
  record.set_writes(result.writes);
  record.set_audit_rows(result.audit_rows);
  record.set_commits_lost(result.commits_lost);
  record.mutable_vertical_cores()->Add(result.vertical_cores.begin(), result.vertical_cores.end());
  record.set_cache_loads(result.cache_loads);
  record.set_cache_shared(result.cache_shared);
  record.set_redis_commands(result.redis_commands);
  record.set_redis_refused(result.redis_refused);
  return record;
}

absl::StatusOr<ReplicationResult> FromRecord(const ReplicationRecord& record) {
  ReplicationResult result;
  if (record.series_size() != static_cast<int>(result.series.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", result.series.size(), " series, found ", record.series_size()));
  }
  for (const OperationRecord& operation : record.operations()) {
    OperationStats stats;
    if (operation.outcomes_size() != static_cast<int>(stats.outcomes.size())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "expected ", stats.outcomes.size(), " outcomes, found ", operation.outcomes_size()));
    }
    std::copy(operation.outcomes().begin(), operation.outcomes().end(), stats.outcomes.begin());
    auto response = model::Histogram::FromProto(operation.response());
    if (!response.ok()) return response.status();
    stats.response = *std::move(response);
    result.operations.push_back(std::move(stats));
  }
  for (size_t i = 0; i < result.series.size(); ++i) {
    const auto& values = record.series(static_cast<int>(i)).value();
    result.series[i].assign(values.begin(), values.end());
  }
  result.events.assign(record.events().begin(), record.events().end());
  result.measured_from = record.measured_from_ns();
  result.measured_to = record.measured_to_ns();
  for (const UseRecord& use : record.uses()) {
    result.uses.push_back({use.name(), use.busy(), use.capacity()});
  }
  result.pods_max = record.pods_max();
  result.pods_end = record.pods_end();
  result.database_connections_max = record.database_connections_max();
  result.attempts = record.attempts();
  result.answers = record.answers();
  result.wasted_answers = record.wasted_answers();
  result.cache_lookups = record.cache_lookups();
  result.cache_hits = record.cache_hits();
  result.peak_per_second = record.peak_per_second();
  result.requests = record.requests();
  result.kernel_events = record.kernel_events();
  result.started = record.started();
  result.shed = record.shed();
  result.dropped = record.dropped();
  result.breakers_opened = record.breakers_opened();
  result.worked = record.worked_ns();
  result.wasted = record.wasted_ns();
  result.rejected = record.rejected();
  result.turns = record.turns();
  result.wake_ups = record.wake_ups();
  for (const SeriesRecord& series : record.shard_series()) {
    result.shard_series.emplace_back(series.value().begin(), series.value().end());
  }
  result.handshakes = record.handshakes();
  result.writes = record.writes();
  result.audit_rows = record.audit_rows();
  result.commits_lost = record.commits_lost();
  const int cores = std::min<int>(record.vertical_cores_size(), result.vertical_cores.size());
  std::copy_n(record.vertical_cores().begin(), cores, result.vertical_cores.begin());
  result.cache_loads = record.cache_loads();
  result.cache_shared = record.cache_shared();
  result.redis_commands = record.redis_commands();
  result.redis_refused = record.redis_refused();
  return result;
}

}  // namespace simulator
