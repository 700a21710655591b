#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulator/engine/workload.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// Arrival instants of a Poisson process whose rate is piecewise linear. Exact, by inversion: with
// the cumulative rate L(t), the next arrival after t is where L reaches L(t) + E, E ~ Exp(1);
// within a stage that is a root of a quadratic. One number drawn per arrival, whatever the rates.
class ArrivalProcess {
 public:
  // `stages` must outlive this; it follows without gaps from 0 on. `stream` is this object's own.
  ArrivalProcess(const std::vector<RateStage>* stages, base::RandomStream stream);

  // kNever after the last arrival.
  Nanos NextTime() const { return next_; }
  // Moves on to the next arrival.
  void Pop() { Advance(); }

 private:
  void Advance();

  const std::vector<RateStage>* stages_;
  base::RandomStream stream_;
  size_t stage_ = 0;
  double offset_ = 0;  // seconds within the stage
  Nanos next_ = kNever;
};

}  // namespace simulator
