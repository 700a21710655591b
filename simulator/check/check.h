#pragma once

#include "model/kubernetes/deployment_loader.h"
#include "model/verdict.pb.h"

namespace simulator {

// Judges manifests, or a hand-written Deployment, without running anything. Never fails: bad input
// was refused when it was read. Findings are ordered by severity, then file and line; the same
// input always gives the same report. Rules that need the objects are not in `rules_run` for a
// hand-written Deployment, so that their silence cannot be taken for an answer.
model::CheckReport Check(const model::kubernetes::Loaded& input);

// How many objects were judged; for a hand-written Deployment the parts it lists.
size_t CountObjects(const model::kubernetes::Loaded& input);

// Counts of a report by severity.
struct FindingCounts {
  int errors = 0;
  int warnings = 0;
  int notes = 0;
};
FindingCounts Count(const model::CheckReport& report);

}  // namespace simulator
