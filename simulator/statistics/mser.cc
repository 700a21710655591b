#include "simulator/statistics/mser.h"

#include <cmath>

namespace simulator {
namespace {

constexpr size_t kBatch = 5;

std::vector<double> Batches(const std::vector<double>& series) {
  std::vector<double> means;
  for (size_t first = 0; first + kBatch <= series.size(); first += kBatch) {
    double sum = 0;
    int n = 0;
    for (size_t i = first; i < first + kBatch; ++i) {
      if (std::isnan(series[i])) continue;
      sum += series[i];
      ++n;
    }
    means.push_back(n > 0 ? sum / n : means.empty() ? 0 : means.back());
  }
  return means;
}

}  // namespace

Truncation Mser5(const std::vector<double>& series) {
  constexpr size_t kFewest = 10;
  const std::vector<double> means = Batches(series);
  Truncation truncation;
  if (means.size() < kFewest) return truncation;
  double sum = 0;
  double squares = 0;
  double best = INFINITY;
  size_t cut = 0;
  // From the end: sums over what remains. The last few batches alone say nothing about a spread.
  for (size_t d = means.size(); d-- > 0;) {
    sum += means[d];
    squares += means[d] * means[d];
    const double n = static_cast<double>(means.size() - d);
    if (n < static_cast<double>(kBatch)) continue;
    const double error = (squares - sum * sum / n) / (n * n);
    if (error <= best) {
      best = error;
      cut = d;
    }
  }
  truncation.observations = cut * kBatch;
  truncation.settled = cut <= means.size() / 2;
  return truncation;
}

}  // namespace simulator
