#include "simulator/engine/prediction.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "simulator/engine/prediction_builder.h"

namespace simulator {

model::Result PredictionBuilder::Build() {
  Summarise();
  Provenance();
  Operations();
  SeriesAndEvents();
  Resources();
  Quantities();
  return std::move(result_);
}

void PredictionBuilder::Summarise() {
  for (const ReplicationResult& replication : replications_) {
    Summary summary;
    summary.seconds = ToSeconds(replication.measured_to - replication.measured_from);
    for (const OperationStats& stats : replication.operations) {
      summary.response.Merge(stats.response);
      for (size_t i = 0; i < kOutcomes; ++i) {
        summary.finished += stats.outcomes[i];
        if (i != kOk) summary.failed += stats.outcomes[i];
      }
    }
    pooled_.Merge(summary.response);
    summaries_.push_back(std::move(summary));
  }
  mean_response_ = pooled_.mean() * 1e-9;
  // Share of its time that a user waits: by how much the closed loop passes latency on. Arrivals do
  // not wait for answers.
  const double cycle = workload_.mean_think_seconds + mean_response_;
  waiting_share_ = cycle > 0 && !workload_.open() ? mean_response_ / cycle : 0;
}

void PredictionBuilder::Provenance() {
  model::Provenance& provenance = *result_.mutable_provenance();
  provenance.set_engine("simulator");
  provenance.set_seed(options_.seed);
  provenance.set_scenario_name(inputs_.scenario.name());
  provenance.set_scenario_digest(inputs_.scenario.digest());
  provenance.set_deployment_name(inputs_.deployment.name());
  provenance.set_deployment_digest(inputs_.deployment.digest());
  provenance.set_profile_name(inputs_.profile.name());
  provenance.set_valid(true);
  provenance.set_load_model(LoadModelName(workload_.model));
  provenance.set_fault_plan(options_.faults.Name());
  provenance.set_replications(static_cast<uint32_t>(replications_.size()));
  for (const std::string& warning : system_.warnings) provenance.add_warnings(warning);
  for (const std::string& omission : system_.not_modelled) result_.add_not_modelled(omission);
  result_.set_measured_from_seconds(ToSeconds(replications_[0].measured_from));
  // `total` pools all replications, so its window is all of theirs together.
  double measured = 0;
  for (const Summary& summary : summaries_) measured += summary.seconds;
  result_.set_measured_seconds(measured);
  result_.set_users(workload_.open() ? MeanPresent() : workload_.users);
  result_.set_arrival_rate_per_second(workload_.arrival_rate);
  result_.set_think_time_mean_seconds(workload_.mean_think_seconds);
  result_.set_think_time_scaled(options_.think_time_seconds >= 0);
  result_.set_step_seconds(options_.step_seconds);
}

// Users present in the measured window, on average over its steps.
uint64_t PredictionBuilder::MeanPresent() const {
  double sum = 0;
  double n = 0;
  for (const ReplicationResult& replication : replications_) {
    const std::vector<double>& users = replication.series[kUsers];
    const double before = ToSeconds(replication.measured_from) / options_.step_seconds;
    for (auto step = static_cast<size_t>(before); step < users.size(); ++step) {
      sum += users[step];
      ++n;
    }
  }
  return n > 0 ? static_cast<uint64_t>(std::llround(sum / n)) : 0;
}

void PredictionBuilder::AddOutcomes(const std::array<uint64_t, kOutcomes>& outcomes,
                                    model::OperationResult* result) {
  for (size_t i = 0; i < kOutcomes; ++i) {
    if (outcomes[i] == 0) continue;
    (*result->mutable_outcomes())[OutcomeName(static_cast<Outcome>(i))] += outcomes[i];
    result->set_requests(result->requests() + outcomes[i]);
  }
}

void PredictionBuilder::Operations() {
  for (size_t op = 0; op < workload_.operations.size(); ++op) {
    const TokenModel& tokens = workload_.tokens;
    if (tokens.refreshes && op == tokens.operation && !system_.token_refresh) continue;
    model::OperationResult& result = *result_.add_operations();
    result.set_operation(workload_.operations[op]);
    model::Histogram response;
    for (const ReplicationResult& replication : replications_) {
      AddOutcomes(replication.operations[op].outcomes, &result);
      AddOutcomes(replication.operations[op].outcomes, result_.mutable_total());
      response.Merge(replication.operations[op].response);
    }
    *result.mutable_response_time() = response.ToProto();
    *result.mutable_service_time() = result.response_time();  // sent when intended
    for (const model::OperationDemand& demand : inputs_.profile.operations()) {
      if (demand.operation() != workload_.operations[op]) continue;
      const auto bytes = [&](double each) {
        return static_cast<uint64_t>(each * static_cast<double>(result.requests()));
      };
      result.set_bytes_sent(bytes(demand.request_bytes()));
      result.set_bytes_received(bytes(demand.response_bytes()));
    }
    model::OperationResult& total = *result_.mutable_total();
    total.set_bytes_sent(total.bytes_sent() + result.bytes_sent());
    total.set_bytes_received(total.bytes_received() + result.bytes_received());
  }
  *result_.mutable_total()->mutable_response_time() = pooled_.ToProto();
  *result_.mutable_total()->mutable_service_time() = result_.total().response_time();
}

void PredictionBuilder::SeriesAndEvents() {
  for (size_t id = 0; id < kSeriesCount; ++id) {
    if (replications_[0].series[id].empty()) continue;  // of a mechanism that is off
    model::Series& series = *result_.add_series();
    series.set_name(SeriesName(id));
    for (size_t step = 0; step < replications_[0].series[id].size(); ++step) {
      double sum = 0;
      int n = 0;
      for (const ReplicationResult& replication : replications_) {
        const double value = replication.series[id][step];
        if (std::isnan(value)) continue;
        sum += value;
        ++n;
      }
      series.add_value(n > 0 ? sum / n : std::nan(""));
    }
  }
  ShardSeries();
  for (const Stage& stage : workload_.stages) {
    model::Event& event = *result_.add_events();
    event.set_at_seconds(ToSeconds(stage.start));
    event.set_kind("stage");
    event.set_subject("users");
    event.set_text(stage.from == stage.to
                       ? absl::StrFormat("hold %d users", stage.to)
                       : absl::StrFormat("ramp from %d to %d users", stage.from, stage.to));
    event.set_from(static_cast<double>(stage.from));
    event.set_to(static_cast<double>(stage.to));
  }
  for (const RateStage& stage : workload_.rates) {
    model::Event& event = *result_.add_events();
    event.set_at_seconds(ToSeconds(stage.start));
    event.set_kind("stage");
    event.set_subject("arrivals");
    event.set_text(stage.from == stage.to ? absl::StrFormat("hold %.6g arrivals/s", stage.to)
                                          : absl::StrFormat("ramp from %.6g to %.6g arrivals/s",
                                                            stage.from, stage.to));
    event.set_from(stage.from);
    event.set_to(stage.to);
  }
  // Scaling differs between replications; the first one's story is told.
  for (const model::Event& event : replications_[0].events) *result_.add_events() = event;
  std::stable_sort(
      result_.mutable_events()->begin(), result_.mutable_events()->end(),
      [](const model::Event& a, const model::Event& b) { return a.at_seconds() < b.at_seconds(); });
}

void PredictionBuilder::ShardSeries() {
  size_t shards = 0;
  for (const ReplicationResult& replication : replications_) {
    shards = std::max(shards, replication.shard_series.size());
  }
  for (size_t shard = 0; shard < shards; ++shard) {
    model::Series& series = *result_.add_series();
    series.set_name(absl::StrFormat("utilisation.redis.%d", shard));
    for (size_t step = 0; step < replications_[0].series[kUsers].size(); ++step) {
      double sum = 0;
      int n = 0;
      for (const ReplicationResult& replication : replications_) {
        if (shard >= replication.shard_series.size()) continue;
        const double value = replication.shard_series[shard][step];
        if (std::isnan(value)) continue;
        sum += value;
        ++n;
      }
      series.add_value(n > 0 ? sum / n : std::nan(""));
    }
  }
}

void PredictionBuilder::Resources() {
  std::vector<model::ResourceUse> uses;
  for (size_t i = 0; i < replications_[0].uses.size(); ++i) {
    model::ResourceUse use;
    use.set_name(replications_[0].uses[i].name);
    for (const ReplicationResult& replication : replications_) {
      // Shards may come during a run: in some replications, but not in others.
      const auto same = std::find_if(
          replication.uses.begin(), replication.uses.end(),
          [&use](const ReplicationResult::Use& other) { return other.name == use.name(); });
      if (same == replication.uses.end()) continue;
      use.set_busy(use.busy() + same->busy / n());
      use.set_capacity(use.capacity() + same->capacity / n());
    }
    use.set_utilisation(use.capacity() > 0 ? use.busy() / use.capacity() : 0);
    uses.push_back(std::move(use));
  }
  // Busiest first: the first and second bottleneck. Open connections are a reservation, not work:
  // they rank behind unless they have run out. A log that always flushes is no bottleneck, as
  // group commit lets any number of commits ride on the next flush: it ranks last.
  // Single shards and slots are details of the busiest shard.
  const auto detail = [](const model::ResourceUse& use) {
    return use.name().starts_with("redis.") || use.name() == "redis_slot_max";
  };
  const auto no_queue = [&](const model::ResourceUse& use) {
    return detail(use) || use.name() == "wal_flush" ||
           (use.name() == "database_connections" && use.utilisation() < 0.999);
  };
  const auto rank = [&](const model::ResourceUse& use) {
    if (detail(use)) return use.utilisation() - 8;
    return no_queue(use) ? use.utilisation() - (use.name() == "wal_flush" ? 4 : 2)
                         : use.utilisation();
  };
  std::stable_sort(
      uses.begin(), uses.end(),
      [&](const model::ResourceUse& a, const model::ResourceUse& b) { return rank(a) > rank(b); });
  for (model::ResourceUse& use : uses) {
    if (use.utilisation() > 0.95 && !no_queue(use)) {
      Warn(absl::StrFormat("%s is saturated: %.1f %% of %.6g", use.name(), 100 * use.utilisation(),
                           use.capacity()));
    }
    if (use.name() == "server_cpu") server_utilisation_ = use.utilisation();
    if (use.name() == "database_cpu") database_utilisation_ = use.utilisation();
    *result_.add_resources() = std::move(use);
  }
}

model::Result BuildPrediction(const Inputs& inputs, const Workload& workload,
                              const SystemModel& system, const RunOptions& options,
                              const std::vector<ReplicationResult>& replications) {
  return PredictionBuilder(inputs, workload, system, options, replications).Build();
}

}  // namespace simulator
