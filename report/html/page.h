#pragma once

#include <string>
#include <vector>

#include "model/profile.pb.h"
#include "model/result.pb.h"
#include "model/verdict.pb.h"
#include "report/ladder.h"

// One self-contained HTML page of judged claims: a first page that a manager reads, the verdicts,
// then costs and plots. No file and no network beside it (the plotting library is inside).

namespace report {

// Pointers may be null: the part that needs them is left out. They are only read during the call.
struct PageInputs {
  const model::VerdictReport* verdicts = nullptr;  // required
  const model::Result* headline = nullptr;         // predicted, 1,000,000 users on production
  const model::Result* measured = nullptr;         // by the load generator
  const model::Result* predicted = nullptr;        // of that very run, before or beside it
  const model::Profile* profile = nullptr;
  std::vector<Rung> ladder;  // what the figures rest on
};

// UTF-8. Every text from inputs is escaped.
std::string RenderPage(const PageInputs& inputs);

}  // namespace report
