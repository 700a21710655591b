#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "report/expression.h"

// Names of quantities as people read them.

namespace report {

// "p95_ms" -> "response time, 95th percentile"; a name that is not known comes back with spaces.
std::string QuantityLabel(const std::string& name);

// "ms", "requests/s", "cores", "%" (of shares), "" when it has none.
std::string QuantityUnit(const std::string& name);

// A value of that quantity with its unit: "4.09 ms", "0.12 %".
std::string QuantityText(const std::string& name, double value);

// "4.09 ms [0, 11.5]"; no brackets for a point.
std::string QuantityText(const std::string& name, const Interval& interval);

// "server_cpu" -> "API CPU"; a name that is not known comes back with spaces.
std::string ResourceLabel(const std::string& name);

// "database CPU 84 % of 32 cores"
std::string ResourceText(const model::ResourceUse& use);

// What the half-width of an interval is made of, as shares of the value: replications, calibration,
// model. "replications 0.2 %, calibration 7.4 %, model 20 %"; "" when the quantity states none.
std::string PartsText(const model::Quantity& quantity);

}  // namespace report
