#include "report/evidence.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "model/histogram.h"
#include "model/result_math.h"

namespace report {
namespace {

// The mean of the series over the measured window, with the lowest and highest step as interval:
// the engine works it out, but gives it no interval of its own.
absl::StatusOr<Interval> HitRate(const model::Result& result) {
  for (const model::Series& series : result.series()) {
    if (series.name() != "cache_hit_rate" || !(result.step_seconds() > 0)) continue;
    const double until = result.measured_from_seconds() + result.measured_seconds();
    Interval rate{0, 1, 0};
    int n = 0;
    for (int i = 0; i < series.value_size(); ++i) {
      const double end = (i + 1) * result.step_seconds();
      const double value = series.value(i);
      if (end <= result.measured_from_seconds() || end > until + 1e-6 || std::isnan(value))
        continue;
      rate.value += value;
      rate.low = std::min(rate.low, value);
      rate.high = std::max(rate.high, value);
      ++n;
    }
    if (n == 0) break;
    rate.value /= n;
    return rate;
  }
  return absl::NotFoundError("cache_hit_rate");
}

absl::StatusOr<Interval> Derived(const model::Result& result, const std::string& name) {
  const model::OperationResult& total = result.total();
  if (name == "cache_hit_rate") return HitRate(result);
  if (name == "users") return Interval::Point(static_cast<double>(result.users()));
  if (total.requests() == 0) return absl::NotFoundError(name);
  if (name == "throughput_per_second") return Interval::Point(model::Throughput(result));
  if (name == "error_rate") return Interval::Point(model::ErrorRate(total));
  if (name == "useful_work") return Interval::Point(model::UsefulWork(total));
  if (name == "mean_ms") return Interval::Point(model::MeanOf(total.response_time()) / 1e6);
  for (auto [key, quantile] : {std::pair{"p50_ms", 0.5}, {"p95_ms", 0.95}, {"p99_ms", 0.99}}) {
    if (name == key) return Interval::Point(model::ResponseQuantileMs(total, quantile));
  }
  return absl::NotFoundError(name);
}

absl::StatusOr<Interval> FactOf(const model::CheckReport* check, absl::string_view name) {
  if (check != nullptr) {
    for (const model::Fact& fact : check->facts()) {
      if (fact.name() == name) return Interval::Point(fact.value());
    }
  }
  return absl::NotFoundError(name);
}

bool IsSimulated(const model::Result& result) {
  return result.provenance().engine() == "simulator";
}

// Of a fault plan: it becomes part of a path.
bool IsName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool Near(double a, double b) { return std::abs(a - b) <= 1e-6 * std::max(1.0, std::abs(b)); }

}  // namespace

absl::StatusOr<OperatingPoint> ParseOperatingPoint(const std::string& at) {
  OperatingPoint point;
  std::set<absl::string_view> seen;
  for (absl::string_view part : absl::StrSplit(at, ' ', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> item = absl::StrSplit(part, '=');
    absl::string_view value = item.second;
    if (!seen.insert(item.first).second) {
      return absl::InvalidArgumentError(absl::StrCat("at: `", item.first, "` stands twice"));
    }
    if (item.first == "faults" && IsName(value)) {
      point.faults = std::string(value);
      continue;
    }
    double* into = item.first == "users" ? &point.users
                   : item.first == "think_time" && absl::ConsumeSuffix(&value, "s")
                       ? &point.think_time_seconds
                       : nullptr;
    if (into == nullptr || !absl::SimpleAtod(value, into)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "at: `", part,
          "` not understood; expected users=NUMBER think_time=NUMBERs faults=NAME, a name of "
          "small letters, digits and hyphens"));
    }
  }
  return point;
}

absl::StatusOr<Interval> QuantityOf(const model::Result& result, const std::string& name) {
  for (const model::Quantity& quantity : result.quantities()) {
    if (quantity.name() == name) {
      return Interval{quantity.value(), quantity.low(), quantity.high()};
    }
  }
  return Derived(result, name);
}

void Evidence::AddCheck(model::CheckReport check, std::string path) {
  const std::string deployment = check.deployment();
  checks_[deployment] = std::move(check);
  check_paths_[deployment] = std::move(path);
}

void Evidence::AddResult(model::Result result, std::string path) {
  results_[std::move(path)] = std::move(result);
}

const model::Result* Evidence::Predicted(const std::string& deployment,
                                         const OperatingPoint& point) const {
  for (const model::Result* result : OverThinkTimes(deployment, point.users, point.faults)) {
    if (Near(result->think_time_mean_seconds(), point.think_time_seconds)) return result;
  }
  return nullptr;
}

std::vector<const model::Result*> Evidence::OverThinkTimes(const std::string& deployment,
                                                           double users,
                                                           const std::string& faults) const {
  std::vector<const model::Result*> found;
  for (const auto& [path, result] : results_) {
    if (IsSimulated(result) && result.provenance().deployment_name() == deployment &&
        result.provenance().fault_plan() == faults &&
        Near(static_cast<double>(result.users()), users)) {
      found.push_back(&result);
    }
  }
  std::sort(found.begin(), found.end(), [](const model::Result* a, const model::Result* b) {
    return a->think_time_mean_seconds() < b->think_time_mean_seconds();
  });
  return found;
}

const model::Result* Evidence::Measured() const {
  for (const auto& [path, result] : results_) {
    if (!IsSimulated(result)) return &result;
  }
  return nullptr;
}

const model::CheckReport* Evidence::Check(const std::string& deployment) const {
  auto it = checks_.find(deployment);
  return it == checks_.end() ? nullptr : &it->second;
}

std::string Evidence::PathOf(const void* item) const {
  for (const auto& [path, result] : results_) {
    if (&result == item) return path;
  }
  for (const auto& [deployment, check] : checks_) {
    if (&check == item) return check_paths_.at(deployment);
  }
  return "";
}

Lookup Evidence::Names(const std::string& deployment, const model::Result* result) const {
  return [this, deployment, result](const std::string& name) -> absl::StatusOr<Interval> {
    absl::string_view rest = name;
    if (absl::ConsumePrefix(&rest, "fact.")) return FactOf(Check(deployment), rest);
    if (absl::ConsumePrefix(&rest, "measured.")) return FactOf(Check("measured"), rest);
    if (result == nullptr) return absl::NotFoundError(name);
    return QuantityOf(*result, name);
  };
}

FindingLookup Evidence::Findings(const std::string& deployment) const {
  return [this, deployment](const std::string& rule) -> absl::StatusOr<bool> {
    const model::CheckReport* check = Check(deployment);
    if (check == nullptr) return absl::NotFoundError(rule);
    for (const model::Finding& finding : check->findings()) {
      if (finding.rule() == rule) return true;
    }
    const auto& run = check->rules_run();
    if (std::find(run.begin(), run.end(), rule) == run.end()) return absl::NotFoundError(rule);
    return false;
  };
}

}  // namespace report
