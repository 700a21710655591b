// `simulator seal --scenario S --deployment D --profile P ... --log predictions.jsonl`: predicts,
// and writes the prediction down before anything is measured (docs/seal.md).
#pragma once

#include <string>
#include <vector>

namespace simulator {

// The flags of `run`, and --log FILE (required), --label TEXT, --out FILE. Exit code: 1 when a file
// cannot be read, does not fit, or the log was tampered with; 2 for a wrong flag.
int RunSeal(std::vector<std::string> args);

}  // namespace simulator
