// Universal scalability law: throughput of N concurrent workers that contend (sigma) and keep
// each other coherent (kappa).
#pragma once

#include <cmath>

namespace simulator::analytic {

// lambda: throughput of one worker, per second.
struct Usl {
  double lambda = 1;
  double sigma = 0;
  double kappa = 0;

  double Throughput(double n) const {
    return lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
  }
  // Where throughput peaks, real-valued; infinite without coherence cost.
  double Peak() const { return std::sqrt((1 - sigma) / kappa); }
};

}  // namespace simulator::analytic
