#include "simulator/engine/residual_time.h"

#include <algorithm>

namespace simulator {

ResidualTime::ResidualTime(const model::Distribution& law) {
  constexpr size_t kLengths = 1024;
  double sum = 0;
  for (size_t i = 0; i < kLengths; ++i) {
    const double q = (static_cast<double>(i) + 0.5) / kLengths;
    lengths_.push_back(model::QuantileSeconds(law, q));
    cumulative_.push_back(sum += lengths_.back());
  }
  if (sum > 0) {
    for (double& share : cumulative_) share /= sum;
  }
}

double ResidualTime::Sample(base::RandomStream& random) const {
  const double u = random.Uniform01();
  const double rest = random.Uniform01();
  if (lengths_.empty()) return 0;
  const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end() - 1, u);
  return lengths_[static_cast<size_t>(found - cumulative_.begin())] * rest;
}

}  // namespace simulator
