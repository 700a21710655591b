#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "simulator/engine/simulation.h"

// What a run is asked for its figures: time series, the measured window and the laws asserted in
// it.
namespace simulator {
namespace {

constexpr size_t kMostShardsShown = 64;

}  // namespace

void Simulation::AccrueCapacity() {
  const auto elapsed = static_cast<double>(now_ - capacity_since_);
  capacity_ += elapsed * ready_pods_ * system_.pod.limit_cores;
  capacity_since_ = now_;
  recorder_.result.pods_max = std::max(recorder_.result.pods_max, ready_pods_);
}

Simulation::Totals Simulation::TakeTotals() {
  AccrueCapacity();
  recorder_.result.pods_max = std::max(recorder_.result.pods_max, ready_pods_);
  Totals totals;
  for (const PodState& pod : pods_) totals.server_busy += PodBusy(pod);
  totals.server_capacity = capacity_;
  totals.database_busy = database_.Busy();
  for (size_t i = 0; i < redis_.shards(); ++i) {
    totals.shard_busy.push_back(redis_.BusyUntil(i, now_));
  }
  totals.wal_busy = database_.WalBusy();
  totals.ingress_busy =
      ingress_.BusyUntil(ingress_speed_.constant() ? now_ : ingress_speed_.WorkBy(now_));
  if (clients_ != nullptr) totals.handshakes = clients_->handshakes();
  totals.pooler_busy = database_.PoolerBusy();
  totals.writes = database_.writes();
  totals.audit_rows = database_.audit_rows();
  totals.connections = database_.ConnectionTime();
  totals.started = started_;
  totals.attempts = attempts_;
  totals.answers = answers_;
  totals.wasted = wasted_;
  totals.turns = turns_;
  totals.wake_ups = wake_ups_;
  totals.lookups = redis_.lookups();
  totals.hits = redis_.hits();
  totals.redis_commands = redis_.commands();
  if (keyed_ != nullptr) {
    totals.cache_loads = keyed_->loads();
    totals.cache_shared = keyed_->shared();
  }
  totals.redis_refused = redis_.refused();
  totals.overload = overload_;
  totals.breakers_opened = breakers_ == nullptr ? 0 : breakers_->opened();
  return totals;
}

// Each shard's part of the step; the busiest one's time.
Nanos Simulation::ShardStep(const Totals& totals) {
  auto& series = recorder_.result.shard_series;
  const size_t steps = recorder_.result.series[kUsers].size();
  const double step = options_.step_seconds * 1e9;
  Nanos hottest = 0;
  for (size_t i = 0; i < totals.shard_busy.size(); ++i) {
    const Nanos before = i < step_totals_.shard_busy.size() ? step_totals_.shard_busy[i] : 0;
    const Nanos busy = totals.shard_busy[i] - before;
    hottest = std::max(hottest, busy);
    if (i >= kMostShardsShown) continue;
    if (series.size() <= i) {
      series.emplace_back(steps - 1, std::numeric_limits<double>::quiet_NaN());
    }
    series[i].push_back(static_cast<double>(busy) / step);
  }
  if (refuses_) {
    recorder_.result.series[kRedisRefused].push_back(
        static_cast<double>(totals.redis_refused - step_totals_.redis_refused) /
        options_.step_seconds);
  }
  return hottest;
}

// Over the window: the busiest shard, each shard, the hottest slot (its share of the commands'
// time, which no resharding divides further).
void Simulation::ShardUses(const Totals& totals) {
  ReplicationResult& result = recorder_.result;
  const auto window = static_cast<double>(now_ - result.measured_from);
  if (window <= 0) return;
  double hottest = 0;
  double sum = 0;
  std::vector<ReplicationResult::Use> shards;
  for (size_t i = 0; i < totals.shard_busy.size(); ++i) {
    const Nanos before = i < window_totals_.shard_busy.size() ? window_totals_.shard_busy[i] : 0;
    const double busy = static_cast<double>(totals.shard_busy[i] - before) / window;
    hottest = std::max(hottest, busy);
    sum += busy;
    if (i < kMostShardsShown) shards.push_back({absl::StrCat("redis.", i), busy, 1});
  }
  result.uses.push_back({"redis_shard_max", hottest, 1});
  result.uses.insert(result.uses.end(), shards.begin(), shards.end());
  result.uses.push_back({"redis_slot_max", sum * system_.redis.hottest_slot, 1});
}

void Simulation::EndStep() {
  const uint64_t accounted = Thinking() + Waiting();
  if (accounted != active_) {
    Violation(absl::StrCat("conservation of users: ", active_, " active, ", accounted,
                           " thinking or waiting"));
  }
  if (workload_.open() && arrived_ != departures_ + active_) {
    Violation(absl::StrCat("conservation of arrivals: ", arrived_, " came, ", departures_,
                           " left, ", active_, " present"));
  }
  const Totals totals = TakeTotals();
  const double step = options_.step_seconds * 1e9;
  auto& series = recorder_.result.series;
  recorder_.EndStep(options_.step_seconds, resilience_);
  series[kUsers].push_back(static_cast<double>(active_));
  series[kStarted].push_back(static_cast<double>(totals.started - step_totals_.started) /
                             options_.step_seconds);
  series[kAttempts].push_back(static_cast<double>(totals.attempts - step_totals_.attempts) /
                              options_.step_seconds);
  series[kConnections].push_back(static_cast<double>(system_.per_request ? active_ : connected_));
  series[kPodsDesired].push_back(desired_);
  series[kPodsReady].push_back(ready_pods_);
  const double capacity = totals.server_capacity - step_totals_.server_capacity;
  series[kServerCpu].push_back(
      capacity > 0 ? (totals.server_busy - step_totals_.server_busy) / capacity : 0);
  series[kDatabaseCpu].push_back((totals.database_busy - step_totals_.database_busy) / step /
                                 system_.database.cores);
  const Nanos hottest = ShardStep(totals);
  series[kRedisShard].push_back(static_cast<double>(hottest) / step);
  series[kDatabaseQueue].push_back(static_cast<double>(database_.running()));
  series[kPoolWait].push_back(static_cast<double>(database_.waiting()));
  series[kDatabaseConnections].push_back(database_.open_connections());
  const uint64_t lookups = totals.lookups - step_totals_.lookups;
  series[kCacheHitRate].push_back(lookups == 0
                                      ? std::numeric_limits<double>::quiet_NaN()
                                      : static_cast<double>(totals.hits - step_totals_.hits) /
                                            static_cast<double>(lookups));
  if (resilience_) {
    const OverloadTotals& before = step_totals_.overload;
    series[kDeadlineDrops].push_back(static_cast<double>(totals.overload.dropped - before.dropped) /
                                     options_.step_seconds);
    const double worked = totals.overload.worked - before.worked;
    series[kWastedWork].push_back(worked > 0 ? (totals.overload.wasted - before.wasted) / worked
                                             : std::numeric_limits<double>::quiet_NaN());
  }
  step_totals_ = totals;
}

void Simulation::BeginWindow() {
  CountLive();
  live_at_start_ = live_integral_;
  ages_at_start_ = LiveAges();
  window_totals_ = TakeTotals();
  recorder_.result.measured_from = now_;
  recorder_.BeginMeasuring();
}

void Simulation::EndWindow() {
  CountLive();
  recorder_.EndMeasuring();
  ReplicationResult& result = recorder_.result;
  result.measured_to = now_;
  // Little's law, exactly: the area under the number waiting is the sum of the times waited, those
  // under way at the edges counted with their part.
  const __int128 area = live_integral_ - live_at_start_;
  const __int128 waited = recorder_.response_sum() - ages_at_start_ + LiveAges();
  if (area != waited) {
    Violation(absl::StrCat("Little's law: area ", static_cast<double>(area), " ns, waited ",
                           static_cast<double>(waited), " ns"));
  }
  // Work conservation: what was drawn is done, queued or on its way back to the worker.
  const double given = database_.Accounted();
  if (std::abs(given - database_.drawn()) > 1e-6 * database_.drawn() + 1e3) {
    Violation(absl::StrCat("utilisation law at the database: drawn ", database_.drawn(),
                           " ns, given and left ", given, " ns"));
  }
  Nanos admitted = cpu_pending_ + cpu_dropped_;
  for (const Worker& worker : workers_) admitted += worker.cpu.admitted();
  if (admitted != cpu_drawn_) {
    Violation(absl::StrCat("utilisation law at the workers: drawn ", cpu_drawn_,
                           " ns, admitted, pending and dropped ", admitted, " ns"));
  }
  if (const std::string wrong = database_.Check(); !wrong.empty()) Violation("database: " + wrong);
  const Totals totals = TakeTotals();
  const auto window = static_cast<double>(now_ - result.measured_from);
  const auto use = [&](const char* name, double busy, double capacity) {
    if (window > 0) result.uses.push_back({name, busy / window, capacity});
  };
  use("server_cpu", totals.server_busy - window_totals_.server_busy,
      (totals.server_capacity - window_totals_.server_capacity) / window);
  use("database_cpu", totals.database_busy - window_totals_.database_busy, system_.database.cores);
  use("database_connections", totals.connections - window_totals_.connections,
      system_.database.usable_connections);
  ShardUses(totals);
  use("wal_flush", static_cast<double>(totals.wal_busy - window_totals_.wal_busy), 1);
  if (system_.database.pooled) {
    use("pooler_cpu", static_cast<double>(totals.pooler_busy - window_totals_.pooler_busy),
        system_.database.pooler_processes);
  }
  if (system_.ingress_cores > 0) {
    use("ingress_cpu",
        static_cast<double>(totals.ingress_busy - window_totals_.ingress_busy) *
            system_.ingress_cores,
        system_.ingress_cores);
  }
  result.started = totals.started - window_totals_.started;
  result.rejected = totals.overload.rejected - window_totals_.overload.rejected;
  result.shed = totals.overload.shed - window_totals_.overload.shed;
  result.dropped = totals.overload.dropped - window_totals_.overload.dropped;
  result.worked = totals.overload.worked - window_totals_.overload.worked;
  result.wasted = totals.overload.wasted - window_totals_.overload.wasted;
  result.breakers_opened = totals.breakers_opened - window_totals_.breakers_opened;
  result.writes = totals.writes - window_totals_.writes;
  result.audit_rows = totals.audit_rows - window_totals_.audit_rows;
  result.database_connections_max = database_.open_connections_max();
  result.commits_lost = database_.commits_lost();
  result.attempts = totals.attempts - window_totals_.attempts;
  result.handshakes = totals.handshakes - window_totals_.handshakes;
  if (system_.vertical) {
    const VerticalRecommender::Recommendation vertical = vertical_.Recommend();
    result.vertical_cores = {vertical.target_cores, vertical.lower_cores, vertical.upper_cores};
  }
  result.answers = totals.answers - window_totals_.answers;
  result.wasted_answers = totals.wasted - window_totals_.wasted;
  result.turns = totals.turns - window_totals_.turns;
  result.wake_ups = totals.wake_ups - window_totals_.wake_ups;
  result.cache_lookups = totals.lookups - window_totals_.lookups;
  result.cache_hits = totals.hits - window_totals_.hits;
  result.cache_loads = totals.cache_loads - window_totals_.cache_loads;
  result.cache_shared = totals.cache_shared - window_totals_.cache_shared;
  result.redis_commands = totals.redis_commands - window_totals_.redis_commands;
  result.redis_refused = totals.redis_refused - window_totals_.redis_refused;
}

}  // namespace simulator
