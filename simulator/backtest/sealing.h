#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "simulator/backtest/prediction_log.h"

namespace simulator {

// What a prediction was made from. Paths of files whose SHA-256 the record holds; a deployment that
// is no single file (a folder, standard input) is identified by the digest of its manifests.
struct SealInputs {
  std::string label;  // for people: "70 % of saturation"; may be empty
  std::string scenario_path;
  std::string deployment_path;
  std::string profile_path;
  std::string program_path;                     // the simulator's binary
  std::map<std::string, std::string> settings;  // flags as given
};

// One quantity as it was promised. `tolerance`: what the relative error should stay within; 0: none
// stated.
struct SealedQuantity {
  std::string name;
  double value = 0;
  double low = 0;
  double high = 0;
  double tolerance = 0;
};

struct SealedPrediction {
  std::string id;  // "p1", "p2", ... in the order of sealing
  uint64_t line = 0;
  std::string label;
  std::string written_at;  // RFC 3339, UTC
  uint64_t users = 0;
  double think_time_seconds = 0;
  std::vector<SealedQuantity> quantities;
};

// Mean 5 %, p95 10 %, p99 20 %, throughput 3 %; 0 for everything else.
double ToleranceOf(const std::string& quantity);

struct Sealed {
  std::string id;
  std::string head;  // of the log's chain: keep it elsewhere if the log's owner is not trusted
};

// Appends a record of kind `prediction`: id, time, label, users, think time, settings, every
// quantity with its interval and tolerance, version and commit of the simulator, and the SHA-256 of
// scenario, deployment, profile, program and of the Result as JSON (the file that WriteJson makes).
absl::StatusOr<Sealed> Seal(const model::Result& result, const SealInputs& inputs,
                            const std::string& log_path);

// All sealed predictions, in their order. DataLoss "FILE:LINE" when a record lacks a field.
absl::StatusOr<std::vector<SealedPrediction>> PredictionsIn(const PredictionLog& log);

}  // namespace simulator
