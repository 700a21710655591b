// A prediction for people.
#pragma once

#include <cstdio>

#include "model/result.pb.h"

namespace simulator {

// Quantities with intervals, resources, outcomes, thresholds, the first scaling events, warnings.
void PrintPrediction(const model::Result& result, std::FILE* out);

}  // namespace simulator
