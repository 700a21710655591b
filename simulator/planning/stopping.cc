#include "simulator/planning/stopping.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/engine/replications.h"
#include "simulator/statistics/mser.h"

namespace simulator {

absl::StatusOr<SettleTime> FindSettleTime(const CompiledExperiment& compiled,
                                          const RunOptions& options) {
  constexpr double kSteps = 500;
  RunOptions pilot = options;
  pilot.replications = 1;
  pilot.settle_seconds = 0;
  const double ramp = ToSeconds(compiled.workload.ramp_end);
  const double hold = ToSeconds(compiled.workload.end) - ramp;
  pilot.step_seconds = std::clamp(hold / kSteps, 0.01, std::max(0.01, options.step_seconds));
  const auto replications = RunReplications(compiled.workload, compiled.system, pilot);
  if (!replications.ok()) return replications.status();
  const auto first = static_cast<size_t>(std::ceil(ramp / pilot.step_seconds));
  SettleTime settle{0, true};
  for (const SeriesId id : {kFinished, kP50}) {
    const std::vector<double>& whole = replications->front().series[id];
    const std::vector<double> series(
        whole.begin() + static_cast<std::ptrdiff_t>(std::min(first, whole.size())), whole.end());
    const Truncation truncation = Mser5(series);
    settle.settled &= truncation.settled;
    settle.seconds =
        std::max(settle.seconds, static_cast<double>(truncation.observations) * pilot.step_seconds);
  }
  settle.seconds = std::min(settle.seconds, hold / 2);
  return settle;
}

namespace {

// The Student part of the worst of the named quantities.
absl::Status Worst(const model::Result& result, const std::vector<std::string>& names,
                   Replicated* replicated) {
  replicated->reached = 0;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(result.quantities().begin(), result.quantities().end(),
                     [&](const model::Quantity& quantity) { return quantity.name() == name; });
    if (found == result.quantities().end()) {
      return absl::InvalidArgumentError(absl::StrCat("--precision_of: no quantity '", name, "'"));
    }
    if (found->replication_part() >= replicated->reached) {
      replicated->reached = found->replication_part();
      replicated->worst = name;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ReplicationResult>> ReplicateInRounds(
    const CompiledExperiment& compiled, const RunOptions& options, const Join& build,
    const std::function<absl::StatusOr<uint32_t>(const model::Result&, uint32_t)>& next,
    const Finished& finished) {
  std::vector<ReplicationResult> replications;
  RunOptions round = options;
  for (;;) {
    auto more = RunReplications(compiled.workload, compiled.system, round, finished);
    if (!more.ok()) return more.status();
    for (ReplicationResult& result : *more) replications.push_back(std::move(result));
    const auto done = static_cast<uint32_t>(replications.size());
    const auto wanted = next(build(replications), done);
    if (!wanted.ok()) return wanted.status();
    if (*wanted <= done) return replications;
    round.first_replication = options.first_replication + done;
    round.replications = *wanted - done;
  }
}

absl::StatusOr<Replicated> ReplicateUntilPrecise(const CompiledExperiment& compiled,
                                                 const RunOptions& options, const Join& build,
                                                 const Finished& finished) {
  constexpr uint32_t kFewest = 3;
  constexpr double kMargin = 1.1;
  Replicated replicated;
  const uint32_t most = std::max(kFewest, options.maximum_replications);
  RunOptions first = options;
  first.replications = std::clamp(options.replications, kFewest, most);
  const auto next = [&](const model::Result& result, uint32_t done) -> absl::StatusOr<uint32_t> {
    if (absl::Status status = Worst(result, options.precision_of, &replicated); !status.ok()) {
      return status;
    }
    if (replicated.reached <= options.precision || done >= most) return done;
    // Half-widths fall with the root of the number; no more than twice as many at once, as the
    // first estimates of a deviation are poor.
    const double wanted = done * kMargin * std::pow(replicated.reached / options.precision, 2);
    return static_cast<uint32_t>(
        std::ceil(std::clamp(wanted, done + 1.0, std::min(2.0 * done, 1.0 * most))));
  };
  auto replications = ReplicateInRounds(compiled, first, build, next, finished);
  if (!replications.ok()) return replications.status();
  replicated.replications = *std::move(replications);
  return replicated;
}

void NotePrecision(const RunOptions& options, size_t replications, model::Result* result) {
  Replicated replicated;
  if (options.precision <= 0 || !Worst(*result, options.precision_of, &replicated).ok()) return;
  if (replicated.reached <= options.precision) return;
  result->mutable_provenance()->add_warnings(absl::StrFormat(
      "precision of %.3g %% not reached by %d replications: %s is known to %.3g %%",
      100 * options.precision, replications, replicated.worst, 100 * replicated.reached));
}

}  // namespace simulator
