#pragma once

#include <cstdint>
#include <string>

#include "model/deployment.pb.h"

namespace simulator::check {

// How long an autoscaler's policies alone need from one replica count to another, when the metrics
// ask for the end at once and stay there: the rate limits of autoscaling/v2 stepped exactly
// (periods, Pods and Percent policies, Max and Min; without behavior the built-in limits) on the
// controller's 15 s rounds.
struct ScalingTime {
  bool possible = true;       // false: selectPolicy Disabled, or more than a day
  uint32_t steps = 0;         // changes of the replica count
  double policy_seconds = 0;  // steps and the period after each: 98 steps a minute apart are 98 min
  double window_seconds = 0;  // stabilization before the first step
  double total_seconds = 0;   // from the change of load to the last step, window included
  std::string path;           // "200 -> 198 -> 196 -> ... -> 5"
};

ScalingTime ScaleUpTime(const model::Autoscaler& autoscaler, uint32_t from, uint32_t to);
ScalingTime ScaleDownTime(const model::Autoscaler& autoscaler, uint32_t from, uint32_t to);

// "50 % per 60 s or 2 pods per 60 s, whichever is less"
std::string PolicyText(const model::ScalingRules& rules);

}  // namespace simulator::check
