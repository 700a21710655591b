#include "simulator/engine/arrivals.h"

#include <algorithm>
#include <cmath>

namespace simulator {

ArrivalProcess::ArrivalProcess(const std::vector<RateStage>* stages, base::RandomStream stream)
    : stages_(stages), stream_(stream) {
  Advance();
}

void ArrivalProcess::Advance() {
  double left = stream_.Exponential(1.0);  // of the cumulative rate until the next arrival
  for (; stage_ < stages_->size(); ++stage_, offset_ = 0) {
    const RateStage& stage = (*stages_)[stage_];
    const double length = ToSeconds(stage.duration);
    if (length <= 0) continue;
    const double slope = (stage.to - stage.from) / length;
    const double rate = std::max(0.0, stage.from + slope * offset_);
    const double rest = length - offset_;
    const double available = rate * rest + 0.5 * slope * rest * rest;
    if (left >= available) {
      left -= available;
      continue;
    }
    // rate x + slope x^2 / 2 = left, in the form that loses no digits for a small slope.
    offset_ += 2 * left / (rate + std::sqrt(std::max(0.0, rate * rate + 2 * slope * left)));
    next_ = stage.start + std::min(stage.duration, ToNanos(offset_));
    return;
  }
  next_ = kNever;
}

}  // namespace simulator
