#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "report/answer.h"
#include "report/ladder.h"

// Parts that several pages share. All return markup; texts from inputs are escaped.

namespace report {

// Calibrated at, checked at, extrapolated to.
std::string LadderBlock(const std::vector<Rung>& rungs);

// A list under a heading; "" when it is empty.
std::string WarningsBlock(const std::vector<std::string>& warnings);
std::string NotModelledBlock(const model::Result& result);

// The figures of the first page with their intervals.
std::string FigureBoxes(const Answer& answer);

// The scenario's thresholds with value, interval and verdict; "" without any.
std::string ThresholdTable(const Answer& answer);

// Every quantity with its interval and the three parts of it.
std::string IntervalTable(const model::Result& result);

// What was decided and what happened: time, kind, subject, from and to, the reason in words. Faults
// carry the numbers of their marks. "" without events.
std::string Timeline(const model::Result& result);

// Outcome counts of each operation.
std::string OutcomeTable(const model::Result& result);

// Where a Result came from: digests, seed, version.
std::string ProvenanceBlock(const model::Result& result);

}  // namespace report
