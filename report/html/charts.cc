#include "report/html/charts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "model/threshold.h"
#include "report/html/series_steps.h"
#include "report/quantity.h"

namespace report {
namespace {

bool AllZero(const model::Series& series) {
  return std::all_of(series.value().begin(), series.value().end(),
                     [](double value) { return !(value != 0) || std::isnan(value); });
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
      {"refused",
       "Commands that Redis refused",
       "per second",
       {"redis_refused_per_second"},
       {},
       1,
       true},
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

// Values of a calm run and of a storm on one axis: on a linear one the calm
// would lie on the floor.
bool SpreadsWide(const Plot& plot) {
  constexpr double kWide = 50;
  double least = std::numeric_limits<double>::infinity();
  double most = 0;
  for (const PlotLine& line : plot.lines) {
    for (double value : line.values) {
      if (!(value > 0)) continue;
      least = std::min(least, value);
      most = std::max(most, value);
    }
  }
  for (const PlotLimit& limit : plot.limits) most = std::max(most, limit.value);
  return most > kWide * least;
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
  if (group.id == "latency" && SpreadsWide(plot)) {
    plot.logarithmic = true;
    plot.title += " (logarithmic)";
  }
  plot.marks = MarksOf(result, group.id == "pods");
  return plot;
}

}  // namespace

bool IsFault(const model::Event& event) {
  for (const char* kind : {"scaling", "held", "stage", "note"}) {
    if (event.kind() == kind) return false;
  }
  return true;
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

}  // namespace report
