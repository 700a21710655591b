#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "model/verdict.pb.h"

namespace simulator {

// What changes between two check reports, and between two predictions.
struct FactChange {
  std::string name;
  std::string unit;
  bool before_known = false;
  bool after_known = false;
  double before = 0;
  double after = 0;
};

struct Difference {
  std::vector<model::Finding> appeared;     // in the order of the second report
  std::vector<model::Finding> disappeared;  // in the order of the first
  std::vector<FactChange> facts;            // by name; only those that differ
  int new_errors = 0;
};

// Findings are the same when rule, object and field are; lines and figures in their texts may move.
// A rule that one of the inputs could not run (hand-written deployments) is not compared.
Difference Compare(const model::CheckReport& before, const model::CheckReport& after);

// One Markdown comment for a pull request. The predictions may be null; both or none.
struct DiffPredictions {
  const model::Result* before = nullptr;
  const model::Result* after = nullptr;
};
std::string RenderMarkdown(const std::string& before_name, const std::string& after_name,
                           const Difference& difference, const DiffPredictions& predictions);

}  // namespace simulator
