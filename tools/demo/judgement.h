#pragma once

#include <string>

#include "absl/status/statusor.h"

// Judges what lies in a demo's folder: check-*.json, predicted-*.json, measured.json, profile.json.

namespace demo {

struct JudgementInputs {
  std::string out_dir;
  std::string claims_path;
  bool quick = false;  // then a missing simulation is "not simulated in a quick run"
};

// Writes verdict.json and index.html into the folder and returns the table for the console. Errors
// name the file that cannot be read.
absl::StatusOr<std::string> JudgeAndWrite(const JudgementInputs& inputs);

}  // namespace demo
