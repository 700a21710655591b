#include "report/quantity.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "report/figure.h"

namespace report {
namespace {

bool IsShare(const std::string& name) {
  return name == "error_rate" || name == "useful_work" || absl::EndsWith(name, "_share") ||
         absl::StrContains(name, "utilisation") || absl::StrContains(name, "hit_rate") ||
         name == "availability";
}

// A share that is not zero must not read as 0 %.
std::string Scaled(const std::string& name, double value) {
  return ShortFigure(IsShare(name) ? 100 * value : value);
}

std::string WithUnit(const std::string& name, const std::string& text) {
  const std::string unit = QuantityUnit(name);
  return unit.empty() ? text : absl::StrCat(text, " ", unit);
}

}  // namespace

std::string QuantityLabel(const std::string& name) {
  static const auto* const kLabels = new std::map<std::string, std::string>{
      {"p50_ms", "response time, median"},
      {"p95_ms", "response time, 95th percentile"},
      {"p99_ms", "response time, 99th percentile"},
      {"mean_ms", "response time, mean"},
      {"throughput_per_second", "requests finished"},
      {"attempts_per_second", "attempts, repeats included"},
      {"goodput_per_second", "requests that ended well"},
      {"error_rate", "errors"},
      {"useful_work", "useful work"},
      {"wasted_answers_share", "answers nobody waited for"},
      {"pods_max", "API pods, most"},
      {"pods_end", "API pods, at the end"},
      {"server_cpu_cores", "API CPU in use"},
      {"database_cpu_cores", "database CPU in use"},
      {"database_connections_max", "database connections, most"},
      {"redis_shard_utilisation_max", "busiest Redis shard"},
      {"cache_hit_rate", "cache hit rate"},
  };
  const auto it = kLabels->find(name);
  return it != kLabels->end() ? it->second : absl::StrReplaceAll(name, {{"_", " "}});
}

std::string QuantityUnit(const std::string& name) {
  if (IsShare(name)) return "%";
  if (absl::EndsWith(name, "_ms")) return "ms";
  if (absl::EndsWith(name, "_seconds")) return "s";
  if (absl::EndsWith(name, "_cores")) return "cores";
  if (absl::EndsWith(name, "_per_second")) return "/s";
  if (absl::EndsWith(name, "_bytes")) return "bytes";
  return "";
}

std::string QuantityText(const std::string& name, double value) {
  return WithUnit(name, Scaled(name, value));
}

std::string QuantityText(const std::string& name, const Interval& interval) {
  const std::string value = QuantityText(name, interval.value);
  if (interval.low == interval.high) return value;
  return absl::StrCat(value, " [", Scaled(name, interval.low), ", ", Scaled(name, interval.high),
                      "]");
}

std::string ResourceLabel(const std::string& name) {
  static const auto* const kLabels = new std::map<std::string, std::string>{
      {"server_cpu", "API CPU"},
      {"database_cpu", "database CPU"},
      {"redis_shard_max", "busiest Redis shard"},
      {"database_connections", "database connections"},
      {"wal_flush", "flushing of the write-ahead log"},
  };
  const auto it = kLabels->find(name);
  return it != kLabels->end() ? it->second : absl::StrReplaceAll(name, {{"_", " "}});
}

std::string ResourceText(const model::ResourceUse& use) {
  const bool cores = absl::EndsWith(use.name(), "_cpu");
  return absl::StrFormat("%s %.3g %% of %s%s", ResourceLabel(use.name()), 100 * use.utilisation(),
                         ShortFigure(use.capacity()), cores ? " cores" : "");
}

std::string PartsText(const model::Quantity& quantity) {
  if (quantity.confidence() <= 0) return "";
  return absl::StrFormat("replications %s %%, calibration %s %%, model %s %%",
                         ShortFigure(100 * quantity.replication_part()),
                         ShortFigure(100 * quantity.calibration_part()),
                         ShortFigure(100 * quantity.model_part()));
}

}  // namespace report
