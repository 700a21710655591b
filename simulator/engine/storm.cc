#include "simulator/engine/storm.h"

#include <cstdio>

#include "gtest/gtest.h"

namespace simulator {
namespace {

constexpr double kTrigger = 300;
constexpr double kTriggerEnd = 330;
constexpr double kEnd = 1200;
constexpr double kStep = 5;

double Mean(const std::vector<double>& values, double from, double to) {
  double sum = 0;
  for (size_t i = static_cast<size_t>(from / kStep); i < static_cast<size_t>(to / kStep); ++i) {
    sum += values[i] * kStep;
  }
  return sum / (to - from);
}

}  // namespace

TestInputs Storm(uint32_t repeats, double speed) {
  TestInputs inputs = TestInputs::FromFiles("storm_");
  inputs.scenario.mutable_retry()->set_attempts(repeats);
  inputs.options.settle_seconds = kEnd / 2;
  inputs.options.step_seconds = kStep;
  inputs.options.replications = 1;
  inputs.options.worker_queue_limit = 1u << 20;  // as in the experiment: nothing is turned away
  inputs.options.slowdown = {kTrigger, kTriggerEnd - kTrigger, speed};
  return inputs;
}

Story Tell(const char* name, const TestInputs& inputs) {
  const auto results = inputs.Run();
  EXPECT_TRUE(results.ok()) << results.status();
  Story story;
  if (!results.ok()) return story;
  const ReplicationResult& result = results->front();
  const std::vector<double>& goodput = result.series[kGoodput];
  story.before = Mean(goodput, kTrigger - 100, kTrigger);
  story.at_the_end = Mean(goodput, kEnd - 300, kEnd - kStep);
  story.attempts_at_the_end = Mean(result.series[kAttempts], kEnd - 300, kEnd - kStep);
  size_t last_low = goodput.size();
  for (size_t i = static_cast<size_t>(kTriggerEnd / kStep); i < goodput.size(); ++i) {
    if (goodput[i] < 0.8 * story.before) last_low = i;
  }
  if (last_low == goodput.size()) {
    story.recovered_after = 0;
  } else if (last_low + 2 < goodput.size()) {
    story.recovered_after = static_cast<double>(last_low + 1) * kStep - kTriggerEnd;
  }
  story.wasted_work = result.worked > 0 ? result.wasted / result.worked : 0;
  story.amplification = static_cast<double>(result.attempts) / static_cast<double>(result.started);
  std::printf(
      "%-44s before %6.1f/s, end %6.1f/s, attempts %6.1f/s, back after %4.0f s, "
      "wasted %5.1f %%, attempts a request %.2f\n",
      name, story.before, story.at_the_end, story.attempts_at_the_end, story.recovered_after,
      100 * story.wasted_work, story.amplification);
  return story;
}

}  // namespace simulator
