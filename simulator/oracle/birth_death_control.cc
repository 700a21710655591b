#include "simulator/oracle/birth_death_control.h"

#include <algorithm>

#include "simulator/analytic/birth_death.h"

namespace simulator::oracle {
namespace {

// g(n+1) - g(n). Sums from the nearer end, where terms are small and of one sign.
std::vector<double> Differences(const ExpectedChain& chain, const std::vector<double>& p,
                                const std::function<double(int64_t)>& function) {
  const int64_t states = static_cast<int64_t>(p.size());
  double mean = 0;
  for (int64_t n = 0; n < states; ++n) mean += p[n] * function(n);
  std::vector<double> differences(states, 0.0);
  const int64_t mode = std::max_element(p.begin(), p.end()) - p.begin();
  double below = 0;
  for (int64_t n = 0; n < std::min(mode, states - 1); ++n) {
    below += p[n] * (mean - function(n));
    const double flow = chain.birth(n) * p[n];
    if (flow > 0) differences[n] = below / flow;
  }
  double above = 0;
  for (int64_t n = states - 2; n >= mode; --n) {
    above += p[n + 1] * (function(n + 1) - mean);
    const double flow = chain.birth(n) * p[n];
    if (flow > 0) differences[n] = above / flow;
  }
  if (states >= 2) differences[states - 1] = differences[states - 2];
  return differences;
}

}  // namespace

BirthDeathControl::BirthDeathControl(const ExpectedChain& chain,
                                     const std::vector<std::function<double(int64_t)>>& functions)
    : functions_(functions.size()), row_size_(1 + 3 * functions.size()) {
  const std::vector<double> p =
      analytic::StationaryDistribution(chain.birth, chain.death, chain.last);
  states_ = static_cast<int64_t>(p.size());
  table_.assign(states_ * row_size_, 0.0);
  potential_.assign(states_ * functions_, 0.0);
  for (size_t k = 0; k < functions_; ++k) {
    const std::vector<double> differences = Differences(chain, p, functions[k]);
    for (int64_t n = 0; n < states_; ++n) {
      double* row = table_.data() + n * row_size_;
      const double death = n > 0 ? chain.death(n) : 0.0;
      if (n > 0) {
        potential_[n * functions_ + k] = potential_[(n - 1) * functions_ + k] + differences[n - 1];
      }
      row[0] = chain.offered(n) / (chain.offered(n) + death);
      const double up = chain.birth(n) > 0 ? differences[n] : 0.0;
      const double down = n > 0 ? -differences[n - 1] : 0.0;
      row[1 + k] = up;
      row[1 + functions_ + k] = down;
      row[1 + 2 * functions_ + k] = row[0] * up + (1 - row[0]) * down;
    }
  }
}

}  // namespace simulator::oracle
