#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "model/verdict.pb.h"
#include "report/expression.h"

// What a judge may look at: check reports by deployment, predicted and measured Results.
//
// Names in a claim's expression mean:
//   fact.NAME      a figure of `simulator check` for the decision's deployment
//   measured.NAME  a figure counted in the measured run (CheckReport of deployment "measured")
//   anything else  a quantity of the Result that the decision's deployment and `at` select: first
//                  its own Quantities (with intervals), then figures derived from its totals:
//                  p50_ms, p95_ms, p99_ms, mean_ms, throughput_per_second, error_rate, useful_work,
//                  users
//
// A figure of a measured run has no interval of its own and counts as a point.

namespace report {

// What `at` says of a run: "users=1000000 think_time=10s faults=redis-master-loss".
struct OperatingPoint {
  double users = 0;
  double think_time_seconds = 0;
  std::string faults;  // name of a fault plan (its file without folder and .yaml); empty: none
};

// InvalidArgument names the key that was not understood, or that stands twice.
absl::StatusOr<OperatingPoint> ParseOperatingPoint(const std::string& at);

class Evidence {
 public:
  void AddCheck(model::CheckReport check, std::string path);
  void AddResult(model::Result result, std::string path);

  // Why a simulation that is not there is not there ("not simulated in a quick run").
  void SetMissingSimulationReason(std::string reason) { missing_reason_ = std::move(reason); }
  const std::string& missing_simulation_reason() const { return missing_reason_; }

  // Null when there is none. The Result is the simulator's for `deployment` at `point`; the pointer
  // lives as long as this object and no Add is called.
  const model::Result* Predicted(const std::string& deployment, const OperatingPoint& point) const;

  // All predicted Results for a deployment, number of users and fault plan, by ascending think
  // time.
  std::vector<const model::Result*> OverThinkTimes(const std::string& deployment, double users,
                                                   const std::string& faults) const;

  const model::Result* Measured() const;
  const model::CheckReport* Check(const std::string& deployment) const;
  std::string PathOf(const void* item) const;

  // Lookups for Evaluate(); `result` may be null.
  Lookup Names(const std::string& deployment, const model::Result* result) const;
  FindingLookup Findings(const std::string& deployment) const;

  const std::map<std::string, model::CheckReport>& checks() const { return checks_; }
  const std::map<std::string, model::Result>& results() const { return results_; }

 private:
  std::map<std::string, model::CheckReport> checks_;  // by deployment
  std::map<std::string, std::string> check_paths_;    // by deployment
  std::map<std::string, model::Result> results_;      // by path
  std::string missing_reason_ = "not simulated in this run";
};

// The value of a quantity of `result`, NotFound when it has none of that name.
absl::StatusOr<Interval> QuantityOf(const model::Result& result, const std::string& name);

}  // namespace report
