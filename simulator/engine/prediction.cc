#include "simulator/engine/prediction.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "model/histogram.h"
#include "simulator/statistics/interval.h"

namespace simulator {
namespace {

constexpr double kNormal975 = 1.959963985;

struct Summary {  // of one replication
  model::Histogram response;
  double seconds = 0;
  uint64_t finished = 0;
  uint64_t failed = 0;

  double throughput() const { return seconds > 0 ? static_cast<double>(finished) / seconds : 0; }
  double error_rate() const {
    return finished > 0 ? static_cast<double>(failed) / static_cast<double>(finished) : 0;
  }
};

class Builder {
 public:
  Builder(const Inputs& inputs, const Workload& workload, const SystemModel& system,
          const RunOptions& options, const std::vector<ReplicationResult>& replications)
      : inputs_(inputs),
        workload_(workload),
        system_(system),
        options_(options),
        replications_(replications) {}

  model::Result Build() {
    Summarise();
    Provenance();
    Operations();
    SeriesAndEvents();
    Resources();
    Quantities();
    return std::move(result_);
  }

 private:
  void Summarise() {
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
    // Share of its time that a user waits: by how much the closed loop passes latency on.
    const double cycle = workload_.mean_think_seconds + mean_response_;
    waiting_share_ = cycle > 0 ? mean_response_ / cycle : 0;
  }

  void Provenance() {
    model::Provenance& provenance = *result_.mutable_provenance();
    provenance.set_engine("simulator");
    provenance.set_seed(options_.seed);
    provenance.set_scenario_name(inputs_.scenario.name());
    provenance.set_scenario_digest(inputs_.scenario.digest());
    provenance.set_deployment_name(inputs_.deployment.name());
    provenance.set_deployment_digest(inputs_.deployment.digest());
    provenance.set_profile_name(inputs_.profile.name());
    provenance.set_valid(true);
    provenance.set_load_model("closed");
    provenance.set_replications(static_cast<uint32_t>(replications_.size()));
    for (const std::string& warning : system_.warnings) provenance.add_warnings(warning);
    for (const std::string& omission : system_.not_modelled) result_.add_not_modelled(omission);
    result_.set_measured_from_seconds(ToSeconds(replications_[0].measured_from));
    // `total` pools all replications, so its window is all of theirs together.
    double measured = 0;
    for (const Summary& summary : summaries_) measured += summary.seconds;
    result_.set_measured_seconds(measured);
    result_.set_users(workload_.users);
    result_.set_think_time_mean_seconds(workload_.mean_think_seconds);
    result_.set_think_time_scaled(options_.think_time_seconds >= 0);
    result_.set_step_seconds(options_.step_seconds);
  }

  void Warn(const std::string& text) { result_.mutable_provenance()->add_warnings(text); }

  static void AddOutcomes(const std::array<uint64_t, kOutcomes>& outcomes,
                          model::OperationResult* result) {
    for (size_t i = 0; i < kOutcomes; ++i) {
      if (outcomes[i] == 0) continue;
      (*result->mutable_outcomes())[OutcomeName(static_cast<Outcome>(i))] += outcomes[i];
      result->set_requests(result->requests() + outcomes[i]);
    }
  }

  void Operations() {
    for (size_t op = 0; op < workload_.operations.size(); ++op) {
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

  void SeriesAndEvents() {
    for (size_t id = 0; id < kSeriesCount; ++id) {
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
    // Scaling differs between replications; the first one's story is told.
    for (const model::Event& event : replications_[0].events) *result_.add_events() = event;
    std::stable_sort(result_.mutable_events()->begin(), result_.mutable_events()->end(),
                     [](const model::Event& a, const model::Event& b) {
                       return a.at_seconds() < b.at_seconds();
                     });
  }

  void Resources() {
    std::vector<model::ResourceUse> uses;
    for (size_t i = 0; i < replications_[0].uses.size(); ++i) {
      model::ResourceUse use;
      use.set_name(replications_[0].uses[i].name);
      for (const ReplicationResult& replication : replications_) {
        use.set_busy(use.busy() + replication.uses[i].busy / n());
        use.set_capacity(use.capacity() + replication.uses[i].capacity / n());
      }
      use.set_utilisation(use.capacity() > 0 ? use.busy() / use.capacity() : 0);
      uses.push_back(std::move(use));
    }
    // Busiest first: the first and second bottleneck. Open connections are a reservation, not work:
    // they rank behind unless they have run out. A log that always flushes is no bottleneck, as
    // group commit lets any number of commits ride on the next flush: it ranks last.
    const auto no_queue = [](const model::ResourceUse& use) {
      return use.name() == "wal_flush" ||
             (use.name() == "database_connections" && use.utilisation() < 0.999);
    };
    const auto rank = [&](const model::ResourceUse& use) {
      return no_queue(use) ? use.utilisation() - (use.name() == "wal_flush" ? 4 : 2)
                           : use.utilisation();
    };
    std::stable_sort(uses.begin(), uses.end(),
                     [&](const model::ResourceUse& a, const model::ResourceUse& b) {
                       return rank(a) > rank(b);
                     });
    for (model::ResourceUse& use : uses) {
      if (use.utilisation() > 0.95 && !no_queue(use)) {
        Warn(absl::StrFormat("%s is saturated: %.1f %% of %.6g", use.name(),
                             100 * use.utilisation(), use.capacity()));
      }
      if (use.name() == "server_cpu") server_utilisation_ = use.utilisation();
      if (use.name() == "database_cpu") database_utilisation_ = use.utilisation();
      *result_.add_resources() = std::move(use);
    }
  }

  double n() const { return static_cast<double>(replications_.size()); }

  // The mix's share of each of the profile's operations, in the profile's order.
  std::vector<double> ProfileMix() const {
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

  // Relative standard error of the mix's mean demand on a resource: sqrt(m' C m) / m' d. Without a
  // covariance the operations count as independent, which overstates it.
  template <typename Pick>
  double DemandError(const model::Covariance& covariance, Pick pick) const {
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

  struct Parts {
    double calibration = 0;
    double model = 0;
  };

  void Add(const std::string& name, double value, const std::vector<double>& per_replication,
           Parts parts, bool relative = true) {
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
    const double joint =
        relative ? std::hypot(parts.calibration, parts.model) * std::abs(value) : 0;
    const double width = std::hypot(half, joint);
    quantity.set_low(std::max(0.0, value - width));
    quantity.set_high(value + width);
  }

  // Pods follow the demand in steps and between bounds: the interval reaches to the number that the
  // CPU target would want if the demand were off by the joint error, never beyond the autoscaler's
  // bounds. Fixed pods have no error.
  void AddPods(const std::string& name, const std::vector<double>& values, Parts parts) {
    if (!system_.autoscaler.has_value()) return AddMean(name, values, {});
    AddMean(name, values, parts);
    model::Quantity& quantity = *result_.mutable_quantities(result_.quantities_size() - 1);
    const double least = system_.autoscaler->has_min_replicas()
                             ? std::max(1u, system_.autoscaler->min_replicas())
                             : 1;
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
    quantity.set_low(
        std::clamp(quantity.low(), std::min(least, quantity.value()), quantity.value()));
    quantity.set_high(
        std::clamp(quantity.high(), quantity.value(), std::max(most, quantity.value())));
  }

  template <typename Value>
  std::vector<double> PerReplication(Value value) const {
    std::vector<double> values;
    for (size_t i = 0; i < replications_.size(); ++i) {
      values.push_back(value(summaries_[i], replications_[i]));
    }
    return values;
  }

  void AddMean(const std::string& name, const std::vector<double>& values, Parts parts) {
    Add(name, MeanInterval(values).mean, values, parts);
  }

  void Quantities() {
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
    Cautions(MeanInterval(throughput).mean);
  }

  std::vector<double> Busy(const std::string& resource) const {
    return PerReplication([&resource](const Summary&, const ReplicationResult& replication) {
      for (const ReplicationResult::Use& use : replication.uses) {
        if (use.name == resource) return use.busy;
      }
      return 0.0;
    });
  }

  void Cautions(double throughput) {
    double calibrated = 0;
    for (const model::LoadPoint& load : inputs_.profile.loads()) {
      calibrated = std::max(calibrated, load.requests_per_second());
    }
    if (calibrated <= 0) {
      Warn("the profile does not say at which loads it was calibrated");
    } else if (throughput > 1.1 * calibrated) {
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

  const Inputs& inputs_;
  const Workload& workload_;
  const SystemModel& system_;
  const RunOptions& options_;
  const std::vector<ReplicationResult>& replications_;
  std::vector<Summary> summaries_;
  model::Histogram pooled_;
  double mean_response_ = 0;
  double waiting_share_ = 0;
  double server_utilisation_ = 0;
  double database_utilisation_ = 0;
  model::Result result_;
};

}  // namespace

model::Result BuildPrediction(const Inputs& inputs, const Workload& workload,
                              const SystemModel& system, const RunOptions& options,
                              const std::vector<ReplicationResult>& replications) {
  return Builder(inputs, workload, system, options, replications).Build();
}

}  // namespace simulator
