// A decision in words, for reports and logs.
//
// "cpu 84 % of 70 % -> 12 wanted; held at 10 by the 100 %/30 s policy; 5 -> 10"
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "simulator/hpa/autoscaler.h"
#include "simulator/hpa/replica_calculator.h"
#include "simulator/hpa/scaling_policies.h"

namespace simulator::hpa {

// "cpu 84 % of 70 % -> 12", "queue 20 of 15 -> 4", "cpu: no metrics returned ...".
std::string DescribeMetric(const MetricSpec& spec, const absl::StatusOr<Proposal>& proposal);

// "held at 10 by the 100 %/30 s policy", "held at maxReplicas 200", "" when nothing held it.
std::string DescribeLimit(const Limited& limited);

// The whole line from the parts of a decision; `limit` is DescribeLimit's text.
std::string Explain(const Decision& decision, const std::string& limit);

}  // namespace simulator::hpa
