#include "report/html/charts.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "model/result_math.h"
#include "model/threshold.h"
#include "report/quantity.h"

namespace report {
namespace {

constexpr size_t kMostSteps = 720;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

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

bool AllZero(const model::Series& series) {
  return std::all_of(series.value().begin(), series.value().end(),
                     [](double value) { return !(value != 0) || std::isnan(value); });
}

size_t StepsOf(const model::Result& result) {
  size_t steps = 0;
  for (const model::Series& series : result.series()) {
    steps = std::max(steps, static_cast<size_t>(series.value_size()));
  }
  return steps;
}

// Steps that become one point.
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
    values.push_back(n > 0 ? factor * sum / n : kNan);
  }
  return values;
}

// The end of each (bucket of) step.
std::vector<double> TimesOf(const model::Result& result) {
  std::vector<double> times;
  const size_t bucket = BucketOf(result);
  const size_t steps = StepsOf(result);
  for (size_t from = 0; from < steps; from += bucket) {
    times.push_back(static_cast<double>(std::min(steps, from + bucket)) * result.step_seconds());
  }
  return times;
}

struct Group {
  std::string id, title, unit;
  std::vector<std::string> names;     // series, in this order
  std::vector<std::string> prefixes;  // and every series that begins so
  double factor = 1;
  bool hide_zero = false;  // leave out series that are 0 throughout
};

const std::vector<Group>& Groups() {
  static const auto* const kGroups = new std::vector<Group>{
      {"users", "Users", "users", {"users", "connections"}, {}},
      {"rate",
       "Requests",
       "per second",
       {"intended_per_second", "started_per_second", "finished_per_second", "goodput_per_second",
        "attempts_per_second"},
       {}},
      {"latency", "Response time", "ms", {"p50_ms", "p95_ms", "p99_ms"}, {}},
      {"pods", "Pods", "pods", {"pods_desired", "pods_ready"}, {"pods_"}},
      {"cpu",
       "CPU in use",
       "% of capacity",
       {"utilisation.server_cpu", "utilisation.database_cpu"},
       {"utilisation."},
       100},
      {"database", "Database connections", "connections", {"database_connections"}, {}},
      {"redis", "Redis, busy time of each shard", "% of a core", {}, {"utilisation.redis"}, 100},
      {"errors", "Errors by kind", "per second", {}, {"errors."}, 1, true},
      {"cache", "Cache hit rate", "%", {"cache_hit_rate"}, {"cache_hit_rate."}, 100},
      {"queues", "Waiting for a pool or the database", "requests", {}, {"queue."}},
      {"lateness", "Release lateness", "ms", {"release_lateness_p99_ms"}, {}},
  };
  return *kGroups;
}

bool Belongs(const Group& group, const std::string& name) {
  if (std::find(group.names.begin(), group.names.end(), name) != group.names.end()) return true;
  const bool redis = absl::StartsWith(name, "utilisation.redis");
  if (redis != (group.id == "redis")) return false;
  return std::any_of(group.prefixes.begin(), group.prefixes.end(),
                     [&](const std::string& prefix) { return absl::StartsWith(name, prefix); });
}

// "errors.pool_exhausted" -> "pool exhausted"; the group's title says the rest.
std::string LineName(const Group& group, const std::string& name) {
  absl::string_view rest = name;
  if (group.id == "redis") absl::ConsumePrefix(&rest, "utilisation.");
  for (const std::string& prefix : group.prefixes) {
    if (absl::EndsWith(prefix, ".") && absl::ConsumePrefix(&rest, prefix)) break;
  }
  return absl::StrReplaceAll(rest, {{"_per_second", ""}, {"_ms", ""}, {"_", " "}});
}

// The scenario's thresholds on the response time of all requests.
void AddLatencyLimits(const model::Result& result, Plot* plot) {
  for (const model::ThresholdOutcome& outcome : result.thresholds()) {
    const auto parsed = model::ParseThreshold(outcome.metric(), outcome.expression());
    if (!parsed.ok()) continue;
    const auto threshold = model::Compile(*parsed);
    if (!threshold.ok() || !threshold->operation.empty()) continue;
    if (threshold->metric != model::ThresholdExpression::Metric::kResponse) continue;
    plot->limits.push_back({absl::StrCat("limit ", outcome.expression()), threshold->limit});
  }
}

void AddLimits(const Group& group, const model::Result& result, Plot* plot) {
  if (group.id == "database") {
    for (const model::ResourceUse& use : result.resources()) {
      if (use.name() == "database_connections" && use.capacity() > 0) {
        plot->limits.push_back({absl::StrFormat("limit %.0f", use.capacity()), use.capacity()});
      }
    }
  }
  if (group.id == "latency") AddLatencyLimits(result, plot);
  if (group.id == "cpu") plot->limits.push_back({"capacity", 100});
}

Plot PlotOf(const Group& group, const model::Result& result, const std::vector<double>& times,
            std::set<std::string>* used) {
  Plot plot;
  plot.title = group.title;
  plot.kind = "time";
  plot.unit = group.unit;
  plot.x = times;
  const size_t bucket = BucketOf(result);
  auto add = [&](const model::Series& series) {
    if (!used->insert(series.name()).second || !Says(series)) return;
    if (group.hide_zero && AllZero(series)) return;
    plot.lines.push_back(
        {LineName(group, series.name()), Bucketed(series, bucket, group.factor), {}, {}});
  };
  for (const std::string& name : group.names) {
    if (const model::Series* series = FindSeries(result, name)) add(*series);
  }
  for (const model::Series& series : result.series()) {
    if (Belongs(group, series.name())) add(series);
  }
  AddLimits(group, result, &plot);
  plot.marks = MarksOf(result, group.id == "pods");
  return plot;
}

double PercentileMs(const model::Result& result, const std::string& operation, double quantile) {
  const model::OperationResult* found = model::FindOperation(result, operation);
  if (found == nullptr || found->requests() == 0) return kNan;
  return model::ResponseQuantileMs(*found, quantile);
}

}  // namespace

bool IsFault(const model::Event& event) {
  return event.kind() != "scaling" && event.kind() != "stage" && event.kind() != "note";
}

std::vector<PlotMark> MarksOf(const model::Result& result, bool with_scaling) {
  std::vector<PlotMark> marks;
  int number = 0;
  for (const model::Event& event : result.events()) {
    if (IsFault(event)) {
      marks.push_back({event.at_seconds(), "fault", ++number});
    } else if (event.kind() == "stage" && event.at_seconds() > 0) {
      marks.push_back({event.at_seconds(), "stage", 0});
    } else if (event.kind() == "scaling" && with_scaling) {
      marks.push_back({event.at_seconds(), "scaling", 0});
    }
  }
  return marks;
}

std::string PlotsOverTime(const std::string& prefix, const model::Result& result) {
  const std::vector<double> times = TimesOf(result);
  if (times.empty() || !(result.step_seconds() > 0)) {
    return "<p class=\"soft\">The result holds no series over time.</p>\n";
  }
  std::set<std::string> used;
  std::string html = "<div class=\"plots\">\n";
  bool errors = false;
  for (const Group& group : Groups()) {
    const Plot plot = PlotOf(group, result, times, &used);
    if (plot.lines.empty()) continue;
    errors |= group.id == "errors";
    absl::StrAppend(&html, PlotBlock(absl::StrCat(prefix, "-", group.id), plot));
  }
  int other = 0;
  for (const model::Series& series : result.series()) {
    if (used.contains(series.name())) continue;
    const Group group{
        "other", QuantityLabel(series.name()), QuantityUnit(series.name()), {series.name()}, {}};
    const Plot plot = PlotOf(group, result, times, &used);
    if (plot.lines.empty()) continue;
    absl::StrAppend(&html, PlotBlock(absl::StrCat(prefix, "-other-", ++other), plot));
  }
  absl::StrAppend(&html, "</div>\n");
  if (!errors) absl::StrAppend(&html, "<p class=\"soft\">No request ended in an error.</p>\n");
  if (const size_t bucket = BucketOf(result); bucket > 1) {
    absl::StrAppend(&html, "<p class=\"soft\">Each point is the mean of ", bucket, " steps of ",
                    result.step_seconds(), " s.</p>\n");
  }
  return html;
}

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
