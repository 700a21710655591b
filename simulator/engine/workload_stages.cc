#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "simulator/engine/workload_compiler.h"

// How many users there are, or come, over time.

namespace simulator {

std::vector<LoadLevel> WorkloadCompiler::Levels() const {
  std::vector<LoadLevel> levels;
  for (const model::Stage& stage : scenario_.users().stages()) {
    levels.push_back(
        {workload_.open() ? stage.rate_per_second() : static_cast<double>(stage.users()),
         stage.duration_seconds()});
  }
  return levels;
}

absl::Status WorkloadCompiler::Rates() {
  if (options_.users > 0) {
    return Invalid(absl::StrCat("users.model: ", LoadModelName(workload_.model),
                                " has arrivals, not users: give --rate, not --users"));
  }
  const model::Users& users = scenario_.users();
  workload_.single_requests = users.arrivals() == model::Users::REQUESTS;
  if (options_.think_time_seconds == 0 && !workload_.single_requests) {
    return Invalid(absl::StrCat("users.model: ", LoadModelName(workload_.model),
                                ": --think_time: expected above 0: those who never think belong to "
                                "the closed model"));
  }
  workload_.session = {users.session().unit() == model::Session::REQUESTS,
                       users.session().geometric(), std::max(1.0, users.session().mean())};
  const LoadShape shape = ShapeLoad(Levels(), options_.rate_per_second, options_.ramp_seconds,
                                    options_.duration_seconds);
  if (shape.peak <= 0) {
    return Invalid("users.stages: no stage has a rate (or give --rate)");
  }
  double from = 0;
  Nanos start = 0;
  for (const LoadLevel& level : shape.levels) {
    const double to = level.value / shape.most * shape.peak;
    const RateStage compiled{start, ToNanos(level.seconds), from, to};
    start += compiled.duration;
    if (to > workload_.arrival_rate) {
      workload_.arrival_rate = to;
      workload_.ramp_end = start;
    }
    workload_.rates.push_back(compiled);
    from = to;
  }
  workload_.end = start;
  if (start <= 0) return Invalid("users.stages: no duration (or give --duration)");
  const double thinking = workload_.RequestRate() * workload_.mean_think_seconds;
  workload_.users = static_cast<uint64_t>(std::clamp(thinking, 1.0, 16e6));
  return absl::OkStatus();
}

absl::Status WorkloadCompiler::Stages() {
  if (options_.rate_per_second > 0) {
    return Invalid("users.model: closed has users, not arrivals: give --users, not --rate");
  }
  const LoadShape shape = ShapeLoad(Levels(), static_cast<double>(options_.users),
                                    options_.ramp_seconds, options_.duration_seconds);
  if (shape.peak <= 0) return Invalid("users.stages: no stage has users (or give --users)");
  if (shape.peak > 16e6) return Invalid("users: more than 16,000,000");
  uint64_t from = 0;
  Nanos start = 0;
  for (const LoadLevel& level : shape.levels) {
    const auto to = static_cast<uint64_t>(std::llround(level.value * shape.peak / shape.most));
    const Stage compiled{start, ToNanos(level.seconds), from, to};
    start += compiled.duration;
    if (to > workload_.users) {
      workload_.users = to;
      workload_.ramp_end = start;
    }
    workload_.stages.push_back(compiled);
    from = to;
  }
  workload_.end = start;
  if (start <= 0) return Invalid("users.stages: no duration (or give --duration)");
  if (workload_.stages.front().duration == 0) StationaryStart();
  return absl::OkStatus();
}

void WorkloadCompiler::StationaryStart() {
  workload_.stationary_start = true;
  for (size_t i = 0; i < laws_.size(); ++i) {
    ThinkLaw& law = workload_.laws[i];
    if (!law.memoryless) law.residual = ResidualTime(scaled_laws_[i]);
  }
}

}  // namespace simulator
