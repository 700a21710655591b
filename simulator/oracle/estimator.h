// Estimates and intervals from a simulation that is cut into batches.
//
// A simulation adds up sums per batch (customers, seconds, waits, ...); each quantity is a ratio of
// two sums, a quantile is read off tail counts at a few points. Consecutive batches are merged into
// a fixed number of groups, each many correlation times long, and the interval is Student's over
// the groups (ratio estimator, linearised), so autocorrelation within a group costs nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "simulator/oracle/simulated_values.h"

namespace simulator::oracle {

using Sums = std::vector<double>;

struct Ratio {
  std::string name;
  int numerator = 0;  // index into Sums
  int denominator = 0;
  double scale = 1;
};

// The point where the tail probability crosses `tail`. Tail counts at the points x[i] are at
// Sums[first_count + i]; between points the logarithm of the tail is interpolated, and the interval
// is where the tail's confidence band contains `tail`.
struct QuantileGrid {
  std::string name;
  double tail = 0.05;
  std::vector<double> x;  // rising
  int first_count = 0;
  int denominator = 0;
};

struct Quantities {
  std::vector<Ratio> ratios;
  std::vector<QuantileGrid> quantiles;
  int customers = 0;  // index of the count of customers
};

// One independent replication. RunBatch() continues where the last batch ended.
class BatchSimulation {
 public:
  virtual ~BatchSimulation() = default;
  virtual void WarmUp() = 0;
  virtual Sums RunBatch() = 0;
};

using MakeSimulation = std::function<std::unique_ptr<BatchSimulation>(uint64_t replication)>;

// All quantities of batches so far, at `confidence` each.
std::map<std::string, Simulated> Estimate(const Quantities& quantities,
                                          const std::vector<Sums>& batches, double confidence);

// Two replications on two threads, batch after batch, until every half-width is below 0.5 % or
// `max_customers` were simulated. Deterministic: batches are added in rounds of equal size.
std::map<std::string, Simulated> RunUntilPrecise(const MakeSimulation& make,
                                                 const Quantities& quantities, double confidence,
                                                 int64_t max_customers);

}  // namespace simulator::oracle
