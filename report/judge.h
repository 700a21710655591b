#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "model/verdict.pb.h"
#include "report/evidence.h"

// Judges claims. One verdict for each claim and decision; a claim without decisions is undecided
// with the reason it states.
//
// A verdict is `holds` or `fails` only when every term's whole interval lies on one side of its
// limit. It is `holds if` when an interval straddles its limit (the condition then gives the
// numbers) or when the question can only be answered profile-free ("server CPU per request at
// most 2.8 ms"). It is `undecided` when evidence is missing or the Result is invalid, and says
// which. Warnings of a Result ("extrapolated 40 x") travel into its verdicts.

namespace report {

// InvalidArgument when a decision cannot be understood: names the claim's line, its id and the
// part.
absl::StatusOr<model::VerdictReport> Judge(const model::ClaimList& claims,
                                           const Evidence& evidence);

// "holds", "fails", "holds if", "undecided".
const char* OutcomeWord(model::Verdict::Outcome outcome);

}  // namespace report
