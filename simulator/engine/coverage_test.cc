#include <cmath>
#include <cstdio>

#include "gtest/gtest.h"
#include "simulator/engine/replications.h"
#include "simulator/engine/test_inputs.h"
#include "simulator/statistics/interval.h"

// Do the intervals hold what they promise? 1,000 independent M/M/1 runs of the whole engine (open
// model, load 0.5); each run is five replications, its interval the 95 % Student interval of the
// mean response over them, as in every Result. 95 % of them contain the true mean: the number that
// do is binomial, with a standard deviation of 0.69 points.
namespace simulator {
namespace {

TEST(CoverageTest, OfAThousandIntervals95PercentContainTheTruth) {
  constexpr int kRuns = 1000;
  constexpr double kService = 0.01;
  constexpr double kRate = 50;
  TestInputs inputs = TestInputs::Bare(1000, 1.0, kService, 0);
  inputs.options = RunOptions();
  inputs.options.replications = 5;
  inputs.options.settle_seconds = 5;
  inputs.options.step_seconds = 100;
  inputs.options.worker_queue_limit = 1u << 20;
  model::Users& users = *inputs.scenario.mutable_users();
  users.set_model(model::Users::OPEN);
  model::Stage& stage = *users.add_stages();
  stage.set_rate_per_second(kRate);
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 105;
  int covered = 0;
  double widths = 0;
  for (int run = 0; run < kRuns; ++run) {
    inputs.options.seed = static_cast<uint64_t>(run) + 1;
    const auto replications = inputs.Run();
    ASSERT_TRUE(replications.ok()) << replications.status();
    std::vector<double> means;
    for (const ReplicationResult& replication : *replications) {
      means.push_back(replication.operations[0].response.mean() * 1e-9);
    }
    const Interval interval = MeanInterval(means);
    const double truth = kService / (1 - kRate * kService);
    covered += std::abs(interval.mean - truth) <= interval.half_width;
    widths += interval.half_width / truth;
  }
  std::printf("%d of %d intervals contain the true mean; half-width %.1f %% on average\n", covered,
              kRuns, 100 * widths / kRuns);
  EXPECT_GE(covered, 935);
  EXPECT_LE(covered, 965);
}

}  // namespace
}  // namespace simulator
