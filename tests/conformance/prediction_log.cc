#include "tests/conformance/prediction_log.h"

#include "model/io.h"
#include "model/result.pb.h"
#include "simulator/backtest/sealing.h"

namespace conformance {

absl::Status Seal(const SealedPrediction& prediction, const std::string& log_path) {
  const auto result = model::ReadJson<model::Result>(prediction.result_path);
  if (!result.ok()) return result.status();
  simulator::SealInputs inputs;
  inputs.label = prediction.point;
  inputs.scenario_path = prediction.scenario_path;
  inputs.deployment_path = prediction.deployment_path;
  inputs.profile_path = prediction.profile_path;
  inputs.program_path = prediction.simulator_path;
  return simulator::Seal(*result, inputs, log_path).status();
}

}  // namespace conformance
