#include "report/html/compared_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/result_math.h"
#include "report/html/series_steps.h"

namespace report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double PercentileMs(const model::Result& result, const std::string& operation, double quantile) {
  const model::OperationResult* found = model::FindOperation(result, operation);
  if (found == nullptr || found->requests() == 0) return kNan;
  return model::ResponseQuantileMs(*found, quantile);
}

}  // namespace

std::string PlotByOperation(const std::string& id, const std::vector<NamedResult>& results) {
  Plot plot;
  plot.title = "Response time of each operation";
  plot.kind = "bar";
  plot.unit = "ms";
  plot.wide = true;
  for (const NamedResult& item : results) {
    for (const model::OperationResult& operation : item.result->operations()) {
      if (std::find(plot.labels.begin(), plot.labels.end(), operation.operation()) ==
          plot.labels.end()) {
        plot.labels.push_back(operation.operation());
      }
    }
  }
  for (auto [word, quantile] : {std::pair{"p50", 0.5}, {"p95", 0.95}}) {
    for (const NamedResult& item : results) {
      PlotLine line;
      line.name = absl::StrCat(item.name, " ", word);
      for (const std::string& operation : plot.labels) {
        line.values.push_back(PercentileMs(*item.result, operation, quantile));
      }
      plot.lines.push_back(std::move(line));
    }
  }
  return PlotBlock(id, plot);
}

std::string PlotsOverlaid(const std::string& prefix, const std::vector<NamedResult>& results) {
  struct Wanted {
    std::string id, title, unit, series;
    double factor = 1;
  };
  static const auto* const kWanted = new std::vector<Wanted>{
      {"users", "Users", "users", "users"},
      {"rate", "Requests finished", "per second", "finished_per_second"},
      {"p50", "Response time, median", "ms", "p50_ms"},
      {"p95", "Response time, 95th percentile", "ms", "p95_ms"},
      {"pods", "Pods ready", "pods", "pods_ready"},
      {"cpu", "API CPU in use", "% of capacity", "utilisation.server_cpu", 100},
      {"database-cpu", "Database CPU in use", "% of capacity", "utilisation.database_cpu", 100},
      {"database", "Database connections", "connections", "database_connections"},
      {"hits", "Cache hit rate", "%", "cache_hit_rate", 100},
  };
  // The longest Result gives the axis; the others are laid onto its times.
  std::vector<double> times;
  for (const NamedResult& item : results) {
    std::vector<double> own = TimesOf(*item.result);
    if (times.empty() || (!own.empty() && own.back() > times.back())) times = std::move(own);
  }
  std::string html = "<div class=\"plots\">\n";
  for (const Wanted& wanted : *kWanted) {
    Plot plot;
    plot.title = wanted.title;
    plot.kind = "time";
    plot.unit = wanted.unit;
    plot.x = times;
    for (const NamedResult& item : results) {
      const model::Series* series = FindSeries(*item.result, wanted.series);
      PlotLine line;
      line.name = item.name;
      line.colour = static_cast<int>(&item - results.data());
      if (series == nullptr || !Says(*series)) continue;
      const std::vector<double> own = TimesOf(*item.result);
      const std::vector<double> values = Bucketed(*series, BucketOf(*item.result), wanted.factor);
      for (double time : times) {
        const auto at = std::lower_bound(own.begin(), own.end(), time - 1e-9);
        const auto index = static_cast<size_t>(at - own.begin());
        line.values.push_back(index < values.size() ? values[index] : kNan);
      }
      plot.lines.push_back(std::move(line));
    }
    if (plot.lines.empty()) continue;
    absl::StrAppend(&html, PlotBlock(absl::StrCat(prefix, "-", wanted.id), plot));
  }
  return absl::StrCat(html, "</div>\n");
}

}  // namespace report
