#include "report/sweep_points.h"

#include <boost/json.hpp>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace report {
namespace {

namespace json = boost::json;

absl::Status Expected(int line, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": expected ", what));
}

bool ReadNumber(const json::object& object, const char* name, double* value) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr || !found->is_number()) return false;
  *value = found->to_number<double>();
  return true;
}

absl::StatusOr<SweepPoint> ParsePoint(const json::object& object, int line) {
  SweepPoint point;
  const json::value* settings = object.if_contains("settings");
  const json::value* quantities = object.if_contains("quantities");
  if (settings == nullptr || !settings->is_object() || quantities == nullptr ||
      !quantities->is_object()) {
    return Expected(line, "a point with `settings` and `quantities`");
  }
  for (const auto& [name, value] : settings->get_object()) {
    point.settings[std::string(name)] =
        value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  }
  for (const auto& [name, value] : quantities->get_object()) {
    Interval interval;
    if (!value.is_object() || !ReadNumber(value.get_object(), "value", &interval.value) ||
        !ReadNumber(value.get_object(), "low", &interval.low) ||
        !ReadNumber(value.get_object(), "high", &interval.high)) {
      return Expected(line, absl::StrCat("value, low and high of ", std::string(name)));
    }
    point.quantities[std::string(name)] = interval;
  }
  if (const json::value* limit = object.if_contains("bottleneck"); limit && limit->is_string()) {
    point.bottleneck = std::string(limit->get_string());
  }
  return point;
}

bool SameParameters(const SweepPoint& a, const SweepPoint& b) {
  if (a.settings.size() != b.settings.size()) return false;
  for (const auto& [name, value] : a.settings) {
    if (!b.settings.contains(name)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::vector<SweepPoint>> ParseSweepPoints(std::string_view text) {
  std::vector<SweepPoint> points;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    if (line.empty()) continue;
    boost::system::error_code error;
    const json::value value = json::parse({line.data(), line.size()}, error);
    if (error || !value.is_object()) return Expected(number, "a JSON object");
    auto point = ParsePoint(value.get_object(), number);
    if (!point.ok()) return point.status();
    if (!points.empty() && !SameParameters(points.front(), *point)) {
      return Expected(number, "the same parameters as in the first point");
    }
    points.push_back(*std::move(point));
  }
  if (points.empty()) return absl::InvalidArgumentError("expected at least one point");
  return points;
}

double SettingNumber(const std::string& parameter, const std::string& value) {
  double number = 0;
  if (absl::SimpleAtod(value, &number)) return number;
  if (parameter == "cpu" && absl::EndsWith(value, "m") &&
      absl::SimpleAtod(value.substr(0, value.size() - 1), &number)) {
    return number / 1000;
  }
  absl::Duration duration;
  if (absl::ParseDuration(value, &duration)) return absl::ToDoubleSeconds(duration);
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace report
