#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "simulator/engine/prediction_builder.h"
#include "simulator/statistics/interval.h"

namespace simulator {
namespace {

constexpr double kNormal975 = 1.959963985;

}  // namespace

std::vector<double> PredictionBuilder::ProfileMix() const {
  std::vector<double> mix;
  for (const model::OperationDemand& demand : inputs_.profile.operations()) {
    const auto found =
        std::find(workload_.operations.begin(), workload_.operations.end(), demand.operation());
    mix.push_back(found == workload_.operations.end()
                      ? 0
                      : workload_.mix[static_cast<size_t>(found - workload_.operations.begin())]);
  }
  return mix;
}

template <typename Pick>
double PredictionBuilder::DemandError(const model::Covariance& covariance, Pick pick) const {
  const std::vector<double> mix = ProfileMix();
  const bool joint = static_cast<size_t>(covariance.value_size()) == mix.size() * mix.size();
  double mean = 0;
  double variance = 0;
  for (size_t a = 0; a < mix.size(); ++a) {
    const model::Demand& value = pick(inputs_.profile.operations(static_cast<int>(a)));
    mean += mix[a] * value.mean();
    if (!joint) variance += std::pow(mix[a] * value.standard_error(), 2);
    for (size_t b = 0; joint && b < mix.size(); ++b) {
      variance += mix[a] * mix[b] * covariance.value(static_cast<int>(a * mix.size() + b));
    }
  }
  return mean > 0 ? std::sqrt(std::max(0.0, variance)) / mean : 0;
}

void PredictionBuilder::Add(const std::string& name, double value,
                            const std::vector<double>& per_replication, Parts parts,
                            bool relative) {
  const Interval interval = MeanInterval(per_replication);
  const double half = std::isnan(interval.half_width) ? 0 : interval.half_width;
  model::Quantity& quantity = *result_.add_quantities();
  quantity.set_name(name);
  quantity.set_value(value);
  quantity.set_confidence(0.95);
  quantity.set_n(replications_.size());
  quantity.set_replication_part(value != 0 ? half / std::abs(value) : 0);
  quantity.set_calibration_part(parts.calibration);
  quantity.set_model_part(parts.model);
  const double joint = relative ? std::hypot(parts.calibration, parts.model) * std::abs(value) : 0;
  const double width = std::hypot(half, joint);
  quantity.set_low(std::max(0.0, value - width));
  quantity.set_high(value + width);
}

void PredictionBuilder::AddPods(const std::string& name, const std::vector<double>& values,
                                Parts parts) {
  if (!system_.autoscaler.has_value()) return AddMean(name, values, {});
  AddMean(name, values, parts);
  model::Quantity& quantity = *result_.mutable_quantities(result_.quantities_size() - 1);
  const double least =
      system_.autoscaler->has_min_replicas() ? std::max(1u, system_.autoscaler->min_replicas()) : 1;
  const double most = system_.autoscaler->max_replicas();
  for (const model::MetricTarget& metric : system_.autoscaler->metrics()) {
    if (metric.name() != "cpu" || metric.target_type() != "Utilization") continue;
    const double per_pod = static_cast<double>(metric.target_milli()) / 100 *
                           static_cast<double>(system_.pod.request_millicores) / 1000;
    if (per_pod <= 0) continue;
    const double wanted = MeanInterval(Busy("server_cpu")).mean / per_pod;
    const double error = std::hypot(parts.calibration, parts.model);
    const double replication = quantity.replication_part() * quantity.value();
    quantity.set_low(std::min(quantity.value() - replication, std::ceil(wanted * (1 - error))));
    quantity.set_high(std::max(quantity.value() + replication, std::ceil(wanted * (1 + error))));
  }
  quantity.set_low(std::clamp(quantity.low(), std::min(least, quantity.value()), quantity.value()));
  quantity.set_high(
      std::clamp(quantity.high(), quantity.value(), std::max(most, quantity.value())));
}

void PredictionBuilder::AddMean(const std::string& name, const std::vector<double>& values,
                                Parts parts) {
  Add(name, MeanInterval(values).mean, values, parts);
}

void PredictionBuilder::Quantities() {
  const double server =
      kNormal975 * DemandError(inputs_.profile.server_cpu_covariance(),
                               [](const model::OperationDemand& demand) -> const model::Demand& {
                                 return demand.server_cpu_seconds();
                               });
  const double database =
      kNormal975 * DemandError(inputs_.profile.database_cpu_covariance(),
                               [](const model::OperationDemand& demand) -> const model::Demand& {
                                 return demand.database_cpu_seconds();
                               });
  const bool by_database = database_utilisation_ > server_utilisation_;
  const double busiest = std::min(0.95, std::max(database_utilisation_, server_utilisation_));
  Parts latency;
  latency.calibration = (by_database ? database : server) / (1 - busiest);
  latency.model =
      options_.latency_model_error >= 0 ? options_.latency_model_error : options_.model_error;
  for (const auto& [name, q] : {std::pair{"p50_ms", 0.5}, {"p95_ms", 0.95}, {"p99_ms", 0.99}}) {
    const double quantile = q;
    Add(name, static_cast<double>(pooled_.Quantile(q)) * 1e-6,
        PerReplication([quantile](const Summary& summary, const ReplicationResult&) {
          return static_cast<double>(summary.response.Quantile(quantile)) * 1e-6;
        }),
        latency);
  }
  Add("mean_ms", pooled_.mean() * 1e-6,
      PerReplication([](const Summary& summary, const ReplicationResult&) {
        return summary.response.mean() * 1e-6;
      }),
      latency);
  const std::vector<double> throughput = PerReplication(
      [](const Summary& summary, const ReplicationResult&) { return summary.throughput(); });
  AddMean("throughput_per_second", throughput,
          {latency.calibration * waiting_share_, latency.model * waiting_share_});
  const std::vector<double> errors = PerReplication(
      [](const Summary& summary, const ReplicationResult&) { return summary.error_rate(); });
  Add("error_rate", MeanInterval(errors).mean, errors, {}, false);
  AddMean("attempts_per_second",
          PerReplication([](const Summary& summary, const ReplicationResult& replication) {
            return static_cast<double>(replication.attempts) / summary.seconds;
          }),
          {latency.calibration * waiting_share_, latency.model * waiting_share_});
  AddMean("goodput_per_second",
          PerReplication([](const Summary& summary, const ReplicationResult&) {
            return summary.throughput() * (1 - summary.error_rate());
          }),
          {latency.calibration * waiting_share_, latency.model * waiting_share_});
  const std::vector<double> wasted =
      PerReplication([](const Summary&, const ReplicationResult& replication) {
        return replication.answers == 0 ? 0.0
                                        : static_cast<double>(replication.wasted_answers) /
                                              static_cast<double>(replication.answers);
      });
  Add("wasted_answers_share", MeanInterval(wasted).mean, wasted, {}, false);
  Resilience();
  if (system_.wake.any()) {
    for (const auto& [name, count] : {std::pair{"turns_per_request", &ReplicationResult::turns},
                                      {"wake_ups_per_request", &ReplicationResult::wake_ups}}) {
      AddMean(name,
              PerReplication([count = count](const Summary&, const ReplicationResult& replication) {
                return static_cast<double>(replication.*count) /
                       std::max<double>(1, static_cast<double>(replication.answers));
              }),
              {});
    }
  }
  const Parts server_parts{server, options_.model_error};
  AddPods("pods_max", PerReplication([](const Summary&, const ReplicationResult& replication) {
            return static_cast<double>(replication.pods_max);
          }),
          server_parts);
  AddPods("pods_end", PerReplication([](const Summary&, const ReplicationResult& replication) {
            return static_cast<double>(replication.pods_end);
          }),
          server_parts);
  AddMean("server_cpu_cores", Busy("server_cpu"), server_parts);
  AddMean("database_cpu_cores", Busy("database_cpu"), {database, options_.model_error});
  AddMean("database_connections_max",
          PerReplication([](const Summary&, const ReplicationResult& replication) {
            return static_cast<double>(replication.database_connections_max);
          }),
          {});
  AddMean("redis_shard_utilisation_max", Busy("redis_shard_max"), {0, options_.model_error});
  if (system_.ingress_handshake > 0) {
    AddMean("tls_handshakes_per_second",
            PerReplication([](const Summary& summary, const ReplicationResult& replication) {
              return static_cast<double>(replication.handshakes) / summary.seconds;
            }),
            {});
  }
  if (system_.vertical) {
    for (const auto& [name, i] : {std::pair{"vpa_cpu_target_cores", size_t{0}},
                                  {"vpa_cpu_lower_bound_cores", size_t{1}},
                                  {"vpa_cpu_upper_bound_cores", size_t{2}}}) {
      const size_t which = i;
      AddMean(name, PerReplication([which](const Summary&, const ReplicationResult& replication) {
                return replication.vertical_cores[which];
              }),
              server_parts);
    }
  }
  if (options_.cache != RunOptions::Cache::kRates) {
    AddMean("cache_loads_per_second",
            PerReplication([](const Summary& summary, const ReplicationResult& replication) {
              return static_cast<double>(replication.cache_loads) / summary.seconds;
            }),
            {});
    AddMean("cache_shared_loads_per_second",
            PerReplication([](const Summary& summary, const ReplicationResult& replication) {
              return static_cast<double>(replication.cache_shared) / summary.seconds;
            }),
            {});
  }
  if (!replications_[0].series[kRedisRefused].empty()) {
    const std::vector<double> refused =
        PerReplication([](const Summary&, const ReplicationResult& replication) {
          return replication.redis_commands == 0
                     ? 0.0
                     : static_cast<double>(replication.redis_refused) /
                           static_cast<double>(replication.redis_commands);
        });
    Add("redis_refused_share", MeanInterval(refused).mean, refused, {}, false);
  }
  Database();
  Cautions(MeanInterval(throughput).mean);
}

// What the database's disk takes, as far as the profile says what a write weighs, and what faults
// cost. Growth at the window's rate around the clock, from an empty disk.
void PredictionBuilder::Database() {
  const DatabaseModel& model = system_.database;
  const auto rate = [&](double per_write, double per_audit) {
    return PerReplication([=](const Summary& summary, const ReplicationResult& run) {
      return (static_cast<double>(run.writes) * per_write +
              static_cast<double>(run.audit_rows) * per_audit) /
             summary.seconds;
    });
  };
  if (model.wal_bytes_per_write > 0 || model.wal_bytes_per_audit > 0) {
    AddMean("wal_bytes_per_second", rate(model.wal_bytes_per_write, model.wal_bytes_per_audit), {});
  }
  if (model.storage_bytes > 0 &&
      (model.storage_bytes_per_write > 0 || model.storage_bytes_per_audit > 0)) {
    std::vector<double> days = rate(model.storage_bytes_per_write, model.storage_bytes_per_audit);
    if (std::all_of(days.begin(), days.end(), [](double bytes) { return bytes > 0; })) {
      for (double& value : days) value = model.storage_bytes / value / 86400;
      AddMean("storage_days", days, {});
    }
  }
  if (options_.faults.empty()) return;
  const std::vector<double> lost =
      PerReplication([](const Summary&, const ReplicationResult& replication) {
        return static_cast<double>(replication.commits_lost);
      });
  Add("commits_lost", MeanInterval(lost).mean, lost, {}, false);
}

// Amplification and waste have no model part: they are shares of the same run.
void PredictionBuilder::Resilience() {
  const bool controlled = system_.overload.on() || workload_.breaker.on();
  if (workload_.retry.attempts == 0 && !controlled) return;
  const auto add = [&](const char* name,
                       double (*value)(const Summary&, const ReplicationResult&)) {
    const std::vector<double> values = PerReplication(value);
    Add(name, MeanInterval(values).mean, values, {}, false);
  };
  add("amplification_factor", [](const Summary&, const ReplicationResult& replication) {
    return replication.started == 0 ? 0.0
                                    : static_cast<double>(replication.attempts) /
                                          static_cast<double>(replication.started);
  });
  add("wasted_work_share", [](const Summary&, const ReplicationResult& replication) {
    return replication.worked > 0 ? replication.wasted / replication.worked : 0.0;
  });
  if (!controlled) return;
  add("shed_per_second", [](const Summary& summary, const ReplicationResult& replication) {
    return static_cast<double>(replication.shed) / summary.seconds;
  });
  add("deadline_drops_per_second", [](const Summary& summary, const ReplicationResult& run) {
    return static_cast<double>(run.dropped) / summary.seconds;
  });
  add("breakers_opened", [](const Summary&, const ReplicationResult& replication) {
    return static_cast<double>(replication.breakers_opened);
  });
}

std::vector<double> PredictionBuilder::Busy(const std::string& resource) const {
  return PerReplication([&resource](const Summary&, const ReplicationResult& replication) {
    for (const ReplicationResult::Use& use : replication.uses) {
      if (use.name == resource) return use.busy;
    }
    return 0.0;
  });
}

void PredictionBuilder::Cautions(double throughput) {
  double calibrated = 0;
  for (const model::LoadPoint& load : inputs_.profile.loads()) {
    calibrated = std::max(calibrated, load.requests_per_second());
  }
  if (calibrated <= 0) {
    Warn("the profile does not say at which loads it was calibrated");
  }
  if (calibrated > 0) result_.mutable_provenance()->set_extrapolation(throughput / calibrated);
  if (calibrated > 0 && throughput > 1.1 * calibrated) {
    Warn(absl::StrFormat("extrapolated %.3g x: calibrated up to %.0f requests/s, predicted %.0f",
                         throughput / calibrated, calibrated, throughput));
  }
  if (options_.model_error > 0) {
    Warn(absl::StrFormat("model error of %.0f %% is an assumption: not validated yet",
                         100 * options_.model_error));
  }
  if (options_.latency_model_error >= 0) {
    Warn(
        absl::StrFormat("model error of latencies %.0f %%: how far the prediction of a measured "
                        "run was off",
                        100 * options_.latency_model_error));
  }
  if (replications_.size() < 2) {
    Warn("one replication: the intervals have no replication part");
  }
  if (system_.autoscaler.has_value()) {
    Warn("scaling events are those of the first replication");
  }
}

}  // namespace simulator
