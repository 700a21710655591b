#include "report/html/plots.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/result_math.h"
#include "report/html/markup.h"

namespace report {
namespace {

const model::Series* FindSeries(const model::Result& result, const std::string& name) {
  for (const model::Series& series : result.series()) {
    if (series.name() == name) return &series;
  }
  return nullptr;
}

// Lines for those of `names` that the Result has; false when it has none.
bool AddSeries(const model::Result& result, const std::vector<std::string>& names, Plot* plot) {
  size_t steps = 0;
  for (const std::string& name : names) {
    const model::Series* series = FindSeries(result, name);
    if (series == nullptr) continue;
    plot->lines.push_back({name, {series->value().begin(), series->value().end()}});
    steps = std::max(steps, plot->lines.back().values.size());
  }
  for (size_t i = 0; i < steps; ++i) {
    plot->labels.push_back(absl::StrCat(static_cast<int64_t>((i + 1) * result.step_seconds())));
  }
  return !plot->lines.empty();
}

double PercentileMs(const model::Result& result, const std::string& operation, double quantile) {
  const model::OperationResult* found = model::FindOperation(result, operation);
  if (found == nullptr || found->requests() == 0) return std::numeric_limits<double>::quiet_NaN();
  return model::ResponseQuantileMs(*found, quantile);
}

}  // namespace

std::string PlotsOverTime(const std::string& prefix, const std::string& title,
                          const model::Result& result) {
  struct Wanted {
    std::string id, what, unit;
    std::vector<std::string> names;
  };
  const std::vector<Wanted> wanted = {
      {"latency", "latency", "ms", {"p50_ms", "p95_ms", "p99_ms"}},
      {"users", "users", "users", {"users", "connections"}},
      {"rate", "requests/s", "per second", {"started_per_second", "finished_per_second"}},
      {"pods", "pods", "pods", {"pods_desired", "pods_ready"}},
      {"database", "database connections", "connections", {"database_connections"}},
      {"utilisation",
       "utilisation",
       "0..1",
       {"utilisation.server_cpu", "utilisation.database_cpu", "utilisation.redis_shard_max"}},
  };
  std::string html = "<div class=\"plots\">\n";
  for (const Wanted& item : wanted) {
    Plot plot{absl::StrCat(title, ": ", item.what), "line", item.unit, {}, {}};
    if (AddSeries(result, item.names, &plot)) {
      absl::StrAppend(&html, PlotBlock(absl::StrCat(prefix, "-", item.id), plot));
    }
  }
  return absl::StrCat(html, "</div>\n");
}

std::string PlotPredictedBesideMeasured(const model::Result& predicted,
                                        const model::Result& measured) {
  Plot plot{"Predicted beside measured", "bar", "ms", {}, {}};
  PlotLine lines[4] = {
      {"measured p50", {}}, {"predicted p50", {}}, {"measured p95", {}}, {"predicted p95", {}}};
  for (const model::OperationResult& item : measured.operations()) {
    plot.labels.push_back(item.operation());
    lines[0].values.push_back(PercentileMs(measured, item.operation(), 0.5));
    lines[1].values.push_back(PercentileMs(predicted, item.operation(), 0.5));
    lines[2].values.push_back(PercentileMs(measured, item.operation(), 0.95));
    lines[3].values.push_back(PercentileMs(predicted, item.operation(), 0.95));
  }
  for (PlotLine& line : lines) plot.lines.push_back(std::move(line));
  return PlotBlock("predicted-measured", plot);
}

}  // namespace report
