#include "simulator/calibration/metrics_text.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace simulator {
namespace {

// Value of label `operation` in `a="x",operation="y"`; values of this server hold no quotes.
std::string OperationLabel(absl::string_view labels) {
  constexpr absl::string_view kKey = "operation=\"";
  const size_t begin = labels.find(kKey);
  if (begin == absl::string_view::npos) return "";
  absl::string_view rest = labels.substr(begin + kKey.size());
  return std::string(rest.substr(0, rest.find('"')));
}

}  // namespace

absl::StatusOr<MetricsText> MetricsText::Parse(std::string_view text) {
  MetricsText metrics;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const size_t name_end = line.find_first_of("{ ");
    const size_t value_begin = line.rfind(' ');
    double value = 0;
    if (name_end == absl::string_view::npos || value_begin == absl::string_view::npos ||
        !absl::SimpleAtod(line.substr(value_begin + 1), &value)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "metrics line ", number, ": expected `name{labels} number`, got `", line, "`"));
    }
    const std::string name(line.substr(0, name_end));
    if (absl::EndsWith(name, "_bucket")) continue;
    metrics.by_operation_[name][OperationLabel(line)] += value;
  }
  return metrics;
}

double MetricsText::ForOperation(const std::string& name, const std::string& operation) const {
  auto metric = by_operation_.find(name);
  if (metric == by_operation_.end()) return 0;
  auto value = metric->second.find(operation);
  return value == metric->second.end() ? 0 : value->second;
}

const std::map<std::string, double>& MetricsText::Operations(const std::string& name) const {
  static const auto* const kNone = new std::map<std::string, double>();
  auto metric = by_operation_.find(name);
  return metric == by_operation_.end() ? *kNone : metric->second;
}

double MetricsText::Total(const std::string& name) const {
  auto metric = by_operation_.find(name);
  if (metric == by_operation_.end()) return 0;
  double total = 0;
  for (const auto& [operation, value] : metric->second) total += value;
  return total;
}

}  // namespace simulator
