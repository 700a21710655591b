#include "simulator/commands/past_errors.h"

#include <algorithm>
#include <cstdio>

#include "simulator/commands/arguments.h"

namespace simulator {

absl::StatusOr<std::optional<PastErrors>> UsePastErrors(const FlagMap& flags, bool may_be_new,
                                                        RunOptions* options) {
  const auto flag = flags.find("log");
  if (flag == flags.end()) return std::nullopt;
  const auto log = ReadPredictionLog(UserPath(flag->second));
  if (!log.ok() && may_be_new && absl::IsNotFound(log.status())) return std::nullopt;
  if (!log.ok()) return log.status();
  auto past = PastErrorsIn(*log);
  if (!past.ok()) return past.status();
  if (past->latency_model_error >= 0 && options->latency_model_error < 0) {
    options->latency_model_error = std::min(10.0, past->latency_model_error);
  }
  return std::optional<PastErrors>(*std::move(past));
}

void PrintPastErrors(const PastErrors& past, std::FILE* out) {
  if (past.errors.empty()) return;
  std::fprintf(out, "%-30s last errors, newest last (%s)\n", "predicted over measured",
               past.path.c_str());
  for (const auto& [name, errors] : past.errors) {
    std::fprintf(out, "%-30s", name.c_str());
    for (double error : errors) std::fprintf(out, " %+.1f %%", 100 * error);
    std::fprintf(out, "\n");
  }
}

}  // namespace simulator
