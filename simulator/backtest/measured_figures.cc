#include "simulator/backtest/measured_figures.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "model/histogram.h"
#include "model/result_math.h"

namespace simulator {
namespace {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

MeasuredFigures FiguresOf(const model::Result& result) {
  MeasuredFigures figures;
  if (result.total().requests() > 0) {
    figures.values["mean_ms"] = model::MeanOf(result.total().response_time()) * 1e-6;
    figures.values["p50_ms"] = model::ResponseQuantileMs(result.total(), 0.50);
    figures.values["p95_ms"] = model::ResponseQuantileMs(result.total(), 0.95);
    figures.values["p99_ms"] = model::ResponseQuantileMs(result.total(), 0.99);
    figures.values["throughput_per_second"] = model::Throughput(result);
    figures.values["error_rate"] = model::ErrorRate(result.total());
    figures.values["goodput_per_second"] =
        model::Throughput(result) * (1 - model::ErrorRate(result.total()));
  }
  figures.started_at = result.provenance().started_at();
  figures.users = result.users();
  figures.think_time_seconds = result.think_time_mean_seconds();
  if (!result.provenance().valid()) {
    for (const std::string& reason : result.provenance().invalid_reasons()) {
      figures.warnings.push_back(absl::StrCat("the measured run is INVALID: ", reason));
    }
    if (result.provenance().invalid_reasons().empty()) {
      figures.warnings.push_back("the measured run calls itself INVALID");
    }
  }
  if (result.provenance().engine() == "simulator") {
    figures.warnings.push_back("what is called measured comes from the simulator");
  }
  return figures;
}

MeasuredFigures MedianOf(const std::vector<MeasuredFigures>& repeats) {
  if (repeats.size() == 1) return repeats.front();
  MeasuredFigures joined;
  if (repeats.empty()) return joined;
  joined = repeats.front();
  joined.values.clear();
  joined.sha256.clear();
  joined.source = absl::StrCat("median of ", repeats.size(), " runs: ", repeats.front().source);
  for (const auto& [name, value] : repeats.front().values) {
    std::vector<double> values;
    for (const MeasuredFigures& repeat : repeats) {
      const auto found = repeat.values.find(name);
      if (found != repeat.values.end()) values.push_back(found->second);
    }
    if (values.size() == repeats.size()) joined.values[name] = Median(std::move(values));
  }
  for (size_t i = 1; i < repeats.size(); ++i) {
    absl::StrAppend(&joined.source, ", ", repeats[i].source);
    joined.warnings.insert(joined.warnings.end(), repeats[i].warnings.begin(),
                           repeats[i].warnings.end());
    // The earliest decides whether the prediction came first.
    if (!repeats[i].started_at.empty()) {
      joined.started_at = joined.started_at.empty()
                              ? repeats[i].started_at
                              : std::min(joined.started_at, repeats[i].started_at);
    }
  }
  return joined;
}

}  // namespace simulator
