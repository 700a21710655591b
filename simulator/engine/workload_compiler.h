#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/scenario.pb.h"
#include "simulator/engine/load_shape.h"
#include "simulator/engine/options.h"
#include "simulator/engine/workload.h"

namespace simulator {

// Makes a Workload of a scenario and the options of a run; used once. The engine calls
// Workload::Compile, which has the errors.
class WorkloadCompiler {
 public:
  // Both must outlive it.
  WorkloadCompiler(const model::Scenario& scenario, const RunOptions& options)
      : scenario_(scenario), options_(options) {}

  absl::StatusOr<Workload> Run();

 private:
  absl::Status Invalid(const std::string& what) const;

  // Indexes, added when they are not there yet.
  uint16_t Operation(const std::string& name, bool write);
  uint16_t Law(const model::Distribution& law);

  absl::Status Journeys();
  // The steps of one journey; `visits` becomes the mean number of its requests.
  absl::Status Steps(const model::Journey& journey, WorkloadJourney* compiled, double* visits);
  // Long-run share of each operation and step, and the mean think time per request.
  void Visits();
  void ThinkShares(double think);
  void Login();
  void Refresh();
  // A journey that is never drawn by weight, of one step.
  uint16_t PseudoJourney(uint16_t operation);
  void ScaleThinkTimes();
  void Retries();
  void Breaker();

  // In workload_stages.cc: the load over time.
  absl::Status Rates();
  absl::Status Stages();
  void StationaryStart();
  std::vector<LoadLevel> Levels() const;

  const model::Scenario& scenario_;
  const RunOptions& options_;
  Workload workload_;
  std::vector<model::Distribution> laws_;
  std::vector<model::Distribution> scaled_laws_;
  std::map<std::string, uint16_t> law_index_;
};

}  // namespace simulator
