#pragma once

#include <string>
#include <vector>

#include "model/verdict.pb.h"

namespace simulator {

// A decision whose answer a change of the deployment changes: its outcome or its figure.
struct VerdictChange {
  model::Verdict before;
  model::Verdict after;
};

// The verdicts of the same claims on one deployment before and after, as report::Judge orders them.
// Only decisions about `deployment` count. A figure changes when it moves by more than a
// thousandth.
std::vector<VerdictChange> CompareVerdicts(const std::string& deployment,
                                           const model::VerdictReport& before,
                                           const model::VerdictReport& after);

// A Markdown section: outcomes that change first, then figures.
std::string RenderVerdictChanges(const std::vector<VerdictChange>& changes);

}  // namespace simulator
