#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// How long a flush of the write-ahead log takes: constant, or drawn from measured quantiles (evenly
// spaced probabilities 0 .. 1, straight lines between). Times in nanoseconds.
class FlushLaw {
 public:
  FlushLaw() = default;

  // Seconds. InvalidArgument unless the quantiles ascend from 0 or more and are none or at least 2.
  static absl::StatusOr<FlushLaw> Create(double constant_seconds,
                                         const std::vector<double>& quantile_seconds) {
    FlushLaw law;
    law.constant_ = ToNanos(std::max(0.0, constant_seconds));
    law.mean_ = static_cast<double>(law.constant_);
    if (quantile_seconds.empty()) return law;
    if (quantile_seconds.size() < 2) {
      return absl::InvalidArgumentError("expected none or at least 2 values, found 1");
    }
    double last = 0;
    double sum = 0;
    for (double seconds : quantile_seconds) {
      if (!(seconds >= last)) {
        return absl::InvalidArgumentError(
            absl::StrCat("expected ascending times, found ", seconds, " after ", last));
      }
      sum += seconds;
      last = seconds;
      law.quantiles_.push_back(seconds * 1e9);
    }
    sum -= (quantile_seconds.front() + quantile_seconds.back()) / 2;
    law.mean_ = sum / static_cast<double>(quantile_seconds.size() - 1) * 1e9;
    return law;
  }

  double mean() const { return mean_; }

  // A constant law draws no number.
  Nanos Sample(base::RandomStream& random) const {
    if (quantiles_.empty()) return constant_;
    const double at = random.Uniform01() * static_cast<double>(quantiles_.size() - 1);
    const size_t below = std::min(static_cast<size_t>(at), quantiles_.size() - 2);
    const double share = at - static_cast<double>(below);
    return static_cast<Nanos>(quantiles_[below] +
                              share * (quantiles_[below + 1] - quantiles_[below]));
  }

 private:
  std::vector<double> quantiles_;
  double mean_ = 0;
  Nanos constant_ = 0;
};

}  // namespace simulator
