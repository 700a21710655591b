#include "report/html/collection_page.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/io.h"
#include "report/html/comparison.h"
#include "report/html/document.h"
#include "report/html/run_page.h"
#include "report/html/storm_sections.h"
#include "report/html/sweep_sections.h"
#include "report/ladder.h"

namespace report {
namespace {

// The first JSON object of the text: the whole of it, or its first line.
boost::json::object FirstObject(const std::string& text) {
  boost::system::error_code error;
  for (const std::string& part : {text, text.substr(0, text.find('\n'))}) {
    const boost::json::value value = boost::json::parse(part, error);
    if (!error && value.is_object()) return value.get_object();
  }
  return {};
}

absl::Status Named(const std::string& name, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", std::string(status.message())));
}

}  // namespace

absl::Status Collection::Add(const std::string& name, const std::string& text) {
  const boost::json::object head = FirstObject(text);
  if (head.contains("settings") && head.contains("quantities")) {
    auto points = ParseSweepPoints(text);
    if (!points.ok()) return Named(name, points.status());
    sweeps_.emplace_back(name, *std::move(points));
    return absl::OkStatus();
  }
  if (head.contains("kind")) {
    auto map = ParseStormMap(text);
    if (!map.ok()) return Named(name, map.status());
    storms_.emplace_back(name, *std::move(map));
    return absl::OkStatus();
  }
  if (head.contains("provenance")) {
    model::Result result;
    if (absl::Status status = model::ParseJson(text, name, &result); !status.ok()) return status;
    results_.emplace_back(name, std::move(result));
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      name,
      ": expected a result (run --out), the points.jsonl of a sweep or the file of map --out"));
}

absl::StatusOr<std::string> Collection::Render() const {
  if (results_.empty() && sweeps_.empty() && storms_.empty()) {
    return absl::FailedPreconditionError("nothing to show");
  }
  if (results_.size() == 1 && sweeps_.empty() && storms_.empty()) {
    return RenderRunPage(results_.front().second,
                         LadderOf({nullptr, nullptr, nullptr, &results_.front().second}));
  }
  std::string body;
  std::vector<std::string> names;
  std::vector<NamedResult> results;
  for (const auto& [name, result] : results_) {
    results.push_back({name, &result});
    names.push_back(name);
  }
  if (!results.empty()) absl::StrAppend(&body, ComparisonSections(results));
  for (const auto& [name, points] : sweeps_) {
    absl::StrAppend(&body, SweepSections(absl::StrCat("sweep-", names.size()), name, points));
    names.push_back(name);
  }
  for (const auto& [name, map] : storms_) {
    absl::StrAppend(&body, StormSections(absl::StrCat("storm-", names.size()), name, map));
    names.push_back(name);
  }
  return RenderDocument(absl::StrJoin(names, ", "), "Answers side by side.", body);
}

}  // namespace report
