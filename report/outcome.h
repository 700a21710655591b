#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "model/verdict.pb.h"
#include "report/expression.h"

// From the terms of an expression to a verdict's outcome, figures and words. No I/O, no state.

namespace report {

// "fact.scale_down_seconds = 5880 <= 360: no": what a term was found to be.
std::string Words(const TermOutcome& term);

// Fills outcome, reason, condition and the figures of the deciding term: the first false one, else
// the first without evidence, else the first whose interval holds both answers, else the first.
// holds and fails need the whole interval of every term on one side. `terms` is not empty.
void FillOutcome(const std::vector<TermOutcome>& terms, model::Verdict* verdict);

// The two busiest resources, in the engine's order: it knows which are busy by nature (a
// group-committing WAL).
void FillBottlenecks(const model::Result& result, model::Verdict* verdict);

// Where a prediction stands outside of what its profile was calibrated at, in words; empty inside,
// and for measured results.
std::string Validity(const model::Provenance& provenance);

// Why nothing was decided, and what would decide it (may be empty).
std::string Undecided(const std::string& because, const std::string& later);

}  // namespace report
