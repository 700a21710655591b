#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tests/conformance/scoring.h"

// Predictions, written down before anything is measured, in the log of `simulator seal`
// (simulator/backtest/prediction_log.h): `simulator backtest` can score them too.

namespace conformance {

struct SealedPrediction {
  std::string point;  // "30 %", "crossing 50 ms"
  uint64_t users = 0;
  double think_time_seconds = 0;
  Figures predicted;
  // Files whose SHA-256 the line holds.
  std::string scenario_path;
  std::string deployment_path;
  std::string profile_path;
  std::string result_path;     // the simulator's Result
  std::string simulator_path;  // the program
};

// Appends one line with the time of writing. Errors name the file.
absl::Status Seal(const SealedPrediction& prediction, const std::string& log_path);

}  // namespace conformance
