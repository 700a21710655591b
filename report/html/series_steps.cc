#include "report/html/series_steps.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace report {
namespace {

constexpr size_t kMostSteps = 720;

size_t StepsOf(const model::Result& result) {
  size_t steps = 0;
  for (const model::Series& series : result.series()) {
    steps = std::max(steps, static_cast<size_t>(series.value_size()));
  }
  return steps;
}

}  // namespace

const model::Series* FindSeries(const model::Result& result, const std::string& name) {
  for (const model::Series& series : result.series()) {
    if (series.name() == name) return &series;
  }
  return nullptr;
}

bool Says(const model::Series& series) {
  return std::any_of(series.value().begin(), series.value().end(),
                     [](double value) { return std::isfinite(value); });
}

size_t BucketOf(const model::Result& result) {
  return std::max<size_t>(1, (StepsOf(result) + kMostSteps - 1) / kMostSteps);
}

std::vector<double> Bucketed(const model::Series& series, size_t bucket, double factor) {
  std::vector<double> values;
  const auto size = static_cast<size_t>(series.value_size());
  for (size_t from = 0; from < size; from += bucket) {
    double sum = 0;
    int n = 0;
    for (size_t i = from; i < std::min(size, from + bucket); ++i) {
      const double value = series.value(static_cast<int>(i));
      if (!std::isfinite(value)) continue;
      sum += value;
      ++n;
    }
    values.push_back(n > 0 ? factor * sum / n : std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

std::vector<double> TimesOf(const model::Result& result) {
  std::vector<double> times;
  const size_t bucket = BucketOf(result);
  const size_t steps = StepsOf(result);
  for (size_t from = 0; from < steps; from += bucket) {
    times.push_back(static_cast<double>(std::min(steps, from + bucket)) * result.step_seconds());
  }
  return times;
}

}  // namespace report
