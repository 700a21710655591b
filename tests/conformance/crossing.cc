#include "tests/conformance/crossing.h"

#include <algorithm>
#include <cmath>

namespace conformance {
namespace {

constexpr double kMeasuredStep = 0.04;
constexpr double kGrowth = 1.25;
constexpr int kMeasuredSteps = 8;  // at most, after the first
constexpr int kPredictedSteps = 10;

}  // namespace

absl::StatusOr<uint64_t> FindCrossing(uint64_t low, uint64_t high, double limit_ms,
                                      const P95At& p95_at) {
  std::vector<Sample> samples;
  auto above = [&](uint64_t users) -> absl::StatusOr<bool> {
    auto p95 = p95_at(users);
    if (!p95.ok()) return p95.status();
    samples.push_back({static_cast<double>(users), *p95});
    return *p95 > limit_ms;
  };
  for (uint64_t end : {low, high}) {
    if (auto seen = above(end); !seen.ok()) return seen.status();
  }
  for (int i = 0; i < kPredictedSteps && high - low > 1; ++i) {
    const uint64_t middle = (low + high) / 2;
    auto seen = above(middle);
    if (!seen.ok()) return seen.status();
    (*seen ? high : low) = middle;
  }
  auto crossing = Crossing(samples, limit_ms);
  if (!crossing.ok()) return crossing.status();
  return static_cast<uint64_t>(std::llround(*crossing));
}

absl::StatusOr<MeasuredCrossing> SearchCrossing(double predicted, double limit_ms,
                                                const P95At& p95_at) {
  MeasuredCrossing found;
  double factor = 1;
  double step = 0;
  for (int i = 0; i <= kMeasuredSteps; ++i) {
    const auto users = static_cast<uint64_t>(std::max(1.0, std::round(predicted * factor)));
    auto p95 = p95_at(users);
    if (!p95.ok()) return p95.status();
    found.tried.push_back({static_cast<double>(users), *p95});
    const bool above = *p95 > limit_ms;
    if (step == 0) {
      step = above ? -kMeasuredStep : kMeasuredStep;
    } else if (above == (step > 0)) {
      break;
    } else {
      step *= kGrowth;
    }
    factor = std::max(0.0, factor + step);
  }
  auto crossing = Crossing(found.tried, limit_ms);
  found.reached = crossing.ok();
  if (crossing.ok()) {
    found.users = *crossing;
  } else if (step > 0) {
    found.users = found.tried.back().load;
  }
  return found;
}

}  // namespace conformance
