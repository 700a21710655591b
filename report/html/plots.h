#pragma once

#include <string>

#include "model/result.pb.h"

// The plots of the page, each from Results.

namespace report {

// Latency percentiles, users and throughput, pods and connections over the time of one Result.
std::string PlotsOverTime(const std::string& prefix, const std::string& title,
                          const model::Result& result);

// Per operation: measured p50 and p95 beside the predicted ones.
std::string PlotPredictedBesideMeasured(const model::Result& predicted,
                                        const model::Result& measured);

}  // namespace report
