#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "model/histogram.h"
#include "simulator/engine/prediction.h"

namespace simulator {

// Of one replication.
struct Summary {
  model::Histogram response;
  double seconds = 0;
  uint64_t finished = 0;
  uint64_t failed = 0;

  double throughput() const { return seconds > 0 ? static_cast<double>(finished) / seconds : 0; }
  double error_rate() const {
    return finished > 0 ? static_cast<double>(failed) / static_cast<double>(finished) : 0;
  }
};

// Builds one Result (prediction.h has the meaning). Used once: construct, Build().
class PredictionBuilder {
 public:
  PredictionBuilder(const Inputs& inputs, const Workload& workload, const SystemModel& system,
                    const RunOptions& options, const std::vector<ReplicationResult>& replications)
      : inputs_(inputs),
        workload_(workload),
        system_(system),
        options_(options),
        replications_(replications) {}

  model::Result Build();

 private:
  // Relative half-widths of an interval's parts.
  struct Parts {
    double calibration = 0;
    double model = 0;
  };

  // prediction.cc: what was counted.
  void Summarise();
  void Provenance();
  uint64_t MeanPresent() const;
  void Operations();
  void SeriesAndEvents();
  void ShardSeries();
  void Resources();
  static void AddOutcomes(const std::array<uint64_t, kOutcomes>& outcomes,
                          model::OperationResult* result);

  // quantities.cc: answers with intervals, and cautions.
  void Quantities();
  void Cautions(double throughput);
  void Database();
  void Resilience();
  // The mix's share of each of the profile's operations, in the profile's order.
  std::vector<double> ProfileMix() const;
  // Relative standard error of the mix's mean demand on a resource: sqrt(m' C m) / m' d. Without a
  // covariance the operations count as independent, which overstates it.
  template <typename Pick>
  double DemandError(const model::Covariance& covariance, Pick pick) const;
  void Add(const std::string& name, double value, const std::vector<double>& per_replication,
           Parts parts, bool relative = true);
  // Pods follow the demand in steps and between bounds: the interval reaches to the number that the
  // CPU target would want if the demand were off by the joint error, never beyond the autoscaler's
  // bounds. Fixed pods have no error.
  void AddPods(const std::string& name, const std::vector<double>& values, Parts parts);
  void AddMean(const std::string& name, const std::vector<double>& values, Parts parts);
  std::vector<double> Busy(const std::string& resource) const;
  template <typename Value>
  std::vector<double> PerReplication(Value value) const {
    std::vector<double> values;
    for (size_t i = 0; i < replications_.size(); ++i) {
      values.push_back(value(summaries_[i], replications_[i]));
    }
    return values;
  }

  void Warn(const std::string& text) { result_.mutable_provenance()->add_warnings(text); }
  double n() const { return static_cast<double>(replications_.size()); }

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

}  // namespace simulator
