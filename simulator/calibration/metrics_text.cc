#include "simulator/calibration/metrics_text.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace simulator {
namespace {

// `a="x",b="y"` to a map. Label values of this server hold neither quotes nor commas.
MetricsText::Labels ParseLabels(absl::string_view text) {
  MetricsText::Labels labels;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> item =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    absl::string_view value = item.second;
    absl::ConsumePrefix(&value, "\"");
    absl::ConsumeSuffix(&value, "\"");
    labels[std::string(item.first)] = std::string(value);
  }
  return labels;
}

bool Includes(const MetricsText::Labels& labels, const MetricsText::Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&labels](const auto& item) {
    auto found = labels.find(item.first);
    return found != labels.end() && found->second == item.second;
  });
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
    Labels labels;
    if (const size_t close = line.rfind('}'); close != absl::string_view::npos) {
      labels = ParseLabels(line.substr(name_end + 1, close - name_end - 1));
    }
    metrics.samples_[name].push_back({std::move(labels), value});
  }
  return metrics;
}

double MetricsText::Sum(const std::string& name, const Labels& wanted) const {
  auto metric = samples_.find(name);
  if (metric == samples_.end()) return 0;
  double sum = 0;
  for (const Sample& sample : metric->second) {
    if (Includes(sample.labels, wanted)) sum += sample.value;
  }
  return sum;
}

std::vector<std::string> MetricsText::LabelValues(const std::string& name,
                                                  const std::string& label) const {
  std::set<std::string> values;
  auto metric = samples_.find(name);
  if (metric != samples_.end()) {
    for (const Sample& sample : metric->second) {
      auto found = sample.labels.find(label);
      if (found != sample.labels.end()) values.insert(found->second);
    }
  }
  return {values.begin(), values.end()};
}

}  // namespace simulator
