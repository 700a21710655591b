// --log of `run` and `seal`: how far earlier predictions were off stands beside the new one.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "simulator/backtest/backtest.h"
#include "simulator/commands/flag_values.h"
#include "simulator/engine/options.h"

namespace simulator {

// Reads the log of --log. Its scored latencies, when there are any, become the latencies' model
// error of `options` unless --latency_model_error is given. nullopt without --log, and for a log
// that does not exist yet when `may_be_new`.
absl::StatusOr<std::optional<PastErrors>> UsePastErrors(const FlagMap& flags, bool may_be_new,
                                                        RunOptions* options);

// The table's part: a line a quantity, its last errors.
void PrintPastErrors(const PastErrors& past, std::FILE* out);

}  // namespace simulator
