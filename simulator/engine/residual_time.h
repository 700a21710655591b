#pragma once

#include <vector>

#include "base/random.h"
#include "model/distribution.h"

namespace simulator {

// What is left of a time that is under way at an arbitrary instant, in seconds: the equilibrium law
// of a renewal process. A time of length x is under way with probability proportional to x, and the
// rest of it is uniform on 0 .. x. Exact but for the 1,024 equally likely lengths that stand for
// the law.
class ResidualTime {
 public:
  ResidualTime() = default;
  explicit ResidualTime(const model::Distribution& law);
  double Sample(base::RandomStream& random) const;

 private:
  std::vector<double> lengths_;
  std::vector<double> cumulative_;  // share of the time, last is 1
};

}  // namespace simulator
