// Control variates for simulated birth-death stations.
//
// A long-run mean in heavy traffic needs 1e10 customers for 0.5 %, because a queue forgets slowly.
// What makes the mean wander is the luck of the draws, and luck can be measured: for a state n, a
// uniform draw u and a unit exponential draw e, the control
//
//   D = (u < p(n) ? up(n) : down(n)) - m(n) e,   m(n) = p(n) up(n) + (1 - p(n)) down(n)
//
// has mean zero given the past for ANY functions p, up, down of the state: because the generator is
// uniform, not because the station works. Nothing of D is taken from what the station does with the
// draws, so sum(f) - sum(D) has the same long-run mean as sum(f) for every station, right or wrong:
// the control narrows the interval and can hide no mistake. It narrows most when up and down are
// the differences of the solution g of Poisson's equation of the expected chain,
//
//   up(n) = g(n+1) - g(n) = sum_{i<=n} (mean - f(i)) pi(i) / (birth(n) pi(n)),  down(n) = -up(n-1).
//
// (Henderson and Glynn's approximating martingales, driven by raw draws.) What then remains of a
// batch is g(start) - g(end); Potential() lets it be taken out too: over consecutive batches it
// telescopes, so it moves the mean of a run by O(1/n) only, again for any station.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace simulator::oracle {

// The expected chain. `offered` counts arrivals also where they are refused; `birth` is zero there.
struct ExpectedChain {
  std::function<double(int64_t)> offered;
  std::function<double(int64_t)> birth;
  std::function<double(int64_t)> death;
  int64_t last = 0;  // highest state, or a bound where the tail may be cut
};

// Tables of several controls over the states of one chain.
class BirthDeathControl {
 public:
  // One control per function of the state: it follows the time integral of that function.
  BirthDeathControl(const ExpectedChain& chain,
                    const std::vector<std::function<double(int64_t)>>& functions);

  // Adds D of every function for one event to sums[0 ..]. `n` is the state before the event.
  void Add(int64_t n, double u, double e, double* sums) const {
    const size_t state = static_cast<size_t>(n < states_ ? n : states_ - 1);
    const double* row = table_.data() + state * row_size_;
    const double* jump = row + 1 + (u < row[0] ? 0 : functions_);
    const double* mean = row + 1 + 2 * functions_;
    for (size_t k = 0; k < functions_; ++k) sums[k] += jump[k] - mean[k] * e;
  }

  // g of every function at state n.
  const double* Potential(int64_t n) const {
    return potential_.data() + static_cast<size_t>(n < states_ ? n : states_ - 1) * functions_;
  }

  size_t functions() const { return functions_; }

 private:
  size_t functions_;
  size_t row_size_;
  int64_t states_ = 0;
  std::vector<double> potential_;  // per state: g of each function
  std::vector<double> table_;      // per state: p, then up, down, m of each function
};

}  // namespace simulator::oracle
