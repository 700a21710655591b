#include "simulator/oracle/estimator.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "absl/strings/str_cat.h"
#include "boost/math/distributions/students_t.hpp"

namespace simulator::oracle {
namespace {

constexpr int kReplications = 2;
constexpr int kBatchesPerRound = 32;  // of each replication
constexpr int kGroups = 64;
constexpr double kWantedHalfWidth = 0.005;

// Adjacent batches merged; the last batches that do not fill a group join the last one.
std::vector<Sums> Grouped(const std::vector<Sums>& batches) {
  const size_t groups = std::min<size_t>(kGroups, batches.size());
  std::vector<Sums> grouped(groups, Sums(batches.front().size(), 0.0));
  for (size_t i = 0; i < batches.size(); ++i) {
    Sums& group = grouped[i * groups / batches.size()];
    for (size_t j = 0; j < group.size(); ++j) group[j] += batches[i][j];
  }
  return grouped;
}

struct Interval {
  double value = 0;
  double half_width = 0;
};

Interval RatioInterval(const std::vector<Sums>& groups, int numerator, int denominator,
                       double quantile) {
  double y = 0;
  double x = 0;
  for (const Sums& group : groups) {
    y += group[numerator];
    x += group[denominator];
  }
  Interval interval;
  interval.value = y / x;
  double squares = 0;
  for (const Sums& group : groups) {
    const double residual = group[numerator] - interval.value * group[denominator];
    squares += residual * residual;
  }
  const double count = static_cast<double>(groups.size());
  interval.half_width = quantile * std::sqrt(squares * count / (count - 1)) / std::abs(x);
  return interval;
}

// Where a falling curve over x crosses `level`, interpolating its logarithm. Ends of x when it
// does not cross between them.
double Crossing(const std::vector<double>& x, const std::vector<double>& curve, double level) {
  if (curve.front() <= level) return x.front();
  for (size_t i = 1; i < x.size(); ++i) {
    if (curve[i] > level) continue;
    const double above = std::log(curve[i - 1]);
    const double below = std::log(std::max(curve[i], 1e-300));
    return x[i - 1] + (x[i] - x[i - 1]) * (above - std::log(level)) / (above - below);
  }
  return x.back();
}

Simulated QuantileEstimate(const std::vector<Sums>& groups, const QuantileGrid& grid,
                           double quantile) {
  std::vector<double> value;
  std::vector<double> low;
  std::vector<double> high;
  for (size_t i = 0; i < grid.x.size(); ++i) {
    const Interval tail =
        RatioInterval(groups, grid.first_count + static_cast<int>(i), grid.denominator, quantile);
    value.push_back(tail.value);
    low.push_back(tail.value - tail.half_width);
    high.push_back(tail.value + tail.half_width);
  }
  Simulated simulated;
  if (grid.x.size() == 1) {  // an atom: enough customers have exactly this value
    simulated.value = simulated.low = simulated.high = grid.x.front();
    if (high.front() > grid.tail) simulated.trouble = "more customers are above than expected";
    return simulated;
  }
  simulated.value = Crossing(grid.x, value, grid.tail);
  simulated.low = Crossing(grid.x, low, grid.tail);
  simulated.high = Crossing(grid.x, high, grid.tail);
  if (value.front() <= grid.tail || value.back() > grid.tail) {
    simulated.trouble = absl::StrCat("outside ", grid.x.front(), " .. ", grid.x.back());
  } else if (low.front() <= grid.tail || high.back() > grid.tail) {
    simulated.trouble = "the interval reaches beyond the counted points";
  }
  return simulated;
}

void CheckPrecision(Simulated* simulated) {
  const double half_width = 0.5 * (simulated->high - simulated->low);
  if (!simulated->trouble.empty() || half_width <= kWantedHalfWidth * std::abs(simulated->value)) {
    return;
  }
  simulated->trouble = absl::StrCat("half-width ", half_width, " is above 0.5 % of the value");
}

bool Precise(const std::map<std::string, Simulated>& estimates) {
  return std::all_of(estimates.begin(), estimates.end(),
                     [](const auto& entry) { return entry.second.trouble.empty(); });
}

}  // namespace

std::map<std::string, Simulated> Estimate(const Quantities& quantities,
                                          const std::vector<Sums>& batches, double confidence) {
  const std::vector<Sums> groups = Grouped(batches);
  const boost::math::students_t distribution(static_cast<double>(groups.size() - 1));
  const double quantile = boost::math::quantile(distribution, 0.5 + 0.5 * confidence);
  double customers = 0;
  for (const Sums& group : groups) customers += group[quantities.customers];
  std::map<std::string, Simulated> estimates;
  for (const Ratio& ratio : quantities.ratios) {
    const Interval interval = RatioInterval(groups, ratio.numerator, ratio.denominator, quantile);
    Simulated& simulated = estimates[ratio.name];
    simulated.value = interval.value * ratio.scale;
    const double half_width = interval.half_width * std::abs(ratio.scale);
    simulated.low = simulated.value - half_width;
    simulated.high = simulated.value + half_width;
  }
  for (const QuantileGrid& grid : quantities.quantiles) {
    estimates[grid.name] = QuantileEstimate(groups, grid, quantile);
  }
  for (auto& [name, simulated] : estimates) {
    simulated.n = static_cast<int64_t>(customers);
    CheckPrecision(&simulated);
  }
  return estimates;
}

std::map<std::string, Simulated> RunUntilPrecise(const MakeSimulation& make,
                                                 const Quantities& quantities, double confidence,
                                                 int64_t max_customers) {
  std::vector<std::unique_ptr<BatchSimulation>> simulations;
  for (int i = 0; i < kReplications; ++i) simulations.push_back(make(i));
  std::vector<std::vector<Sums>> runs(kReplications);
  int64_t batches = 0;
  for (;;) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kReplications; ++i) {
      threads.emplace_back([&, i] {
        if (runs[i].empty()) simulations[i]->WarmUp();
        // As many again as there are: the number of checks stays logarithmic.
        const size_t more = std::max<size_t>(kBatchesPerRound, runs[i].size() / 2);
        for (size_t b = 0; b < more; ++b) runs[i].push_back(simulations[i]->RunBatch());
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<Sums> all;
    for (const std::vector<Sums>& run : runs) all.insert(all.end(), run.begin(), run.end());
    std::map<std::string, Simulated> estimates = Estimate(quantities, all, confidence);
    batches = static_cast<int64_t>(all.size());
    const int64_t customers = estimates.empty() ? max_customers : estimates.begin()->second.n;
    if (Precise(estimates) || customers >= max_customers || batches > 1'000'000) return estimates;
  }
}

}  // namespace simulator::oracle
