#pragma once

#include <map>
#include <string>

#include "model/kubernetes/node.h"

namespace model::kubernetes {

using Labels = std::map<std::string, std::string>;

// The map of strings under `node` (labels, annotations, matchLabels).
Labels ReadLabels(const Node& node);

// A LabelSelector (matchLabels and matchExpressions) against labels. An empty selector matches
// everything; whether an absent one matches everything or nothing depends on the kind that holds
// it, so the caller decides that. An unknown operator matches nothing.
bool SelectorMatches(const Node& selector, const Labels& labels);

// A plain map of labels, as in a Service's spec.selector: all must be there.
bool LabelsMatch(const Labels& wanted, const Labels& labels);

// "app=api,tier in (a,b)" for messages.
std::string SelectorText(const Node& selector);

}  // namespace model::kubernetes
