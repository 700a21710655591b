#include "model/kubernetes/selector.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace model::kubernetes {
namespace {

std::vector<std::string> Values(const Node& expression) {
  std::vector<std::string> values;
  for (const Node& value : expression["values"].items) values.push_back(value.Text());
  return values;
}

bool ExpressionMatches(const Node& expression, const Labels& labels) {
  const auto found = labels.find(expression["key"].Text());
  const std::string op = expression["operator"].Text();
  if (op == "Exists") return found != labels.end();
  if (op == "DoesNotExist") return found == labels.end();
  const std::vector<std::string> values = Values(expression);
  const bool in = found != labels.end() &&
                  std::find(values.begin(), values.end(), found->second) != values.end();
  if (op == "In") return in;
  if (op == "NotIn") return !in;
  return false;
}

}  // namespace

Labels ReadLabels(const Node& node) {
  Labels labels;
  for (const Entry& entry : node.entries) labels[entry.key] = entry.value.Text();
  return labels;
}

bool LabelsMatch(const Labels& wanted, const Labels& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && found->second == label.second;
  });
}

bool SelectorMatches(const Node& selector, const Labels& labels) {
  if (!LabelsMatch(ReadLabels(selector["matchLabels"]), labels)) return false;
  const Node& expressions = selector["matchExpressions"];
  return std::all_of(expressions.items.begin(), expressions.items.end(),
                     [&](const Node& one) { return ExpressionMatches(one, labels); });
}

std::string SelectorText(const Node& selector) {
  const bool structured = selector.Has("matchLabels") || selector.Has("matchExpressions");
  std::vector<std::string> parts;
  for (const auto& [key, value] : ReadLabels(structured ? selector["matchLabels"] : selector)) {
    parts.push_back(absl::StrCat(key, "=", value));
  }
  for (const Node& expression : selector["matchExpressions"].items) {
    parts.push_back(absl::StrCat(expression["key"].Text(), " ",
                                 absl::AsciiStrToLower(expression["operator"].Text()), " (",
                                 absl::StrJoin(Values(expression), ","), ")"));
  }
  return parts.empty() ? "everything" : absl::StrJoin(parts, ",");
}

}  // namespace model::kubernetes
