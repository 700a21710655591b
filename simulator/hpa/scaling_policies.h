// spec.behavior: the API server's defaults and the limits that policies set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/hpa/scale_events.h"
#include "simulator/hpa/types.h"

namespace simulator::hpa {

enum class Direction { kUp, kDown };

// One direction with nothing left open. A field given in the manifest replaces its default as a
// whole: one given policy removes both default policies.
struct ResolvedRules {
  int64_t stabilization_window_ns = 0;
  SelectPolicy select_policy = SelectPolicy::kMax;
  std::vector<ScalingPolicy> policies;
};

// Up: window 0, Max of {4 pods / 15 s, 100 % / 15 s}. Down: window = the controller's downscale
// window, Max of {100 % / 15 s}.
ResolvedRules Resolve(const ScalingRules& rules, Direction direction, int64_t downscale_window_ns);

int32_t LongestPeriodSeconds(const ResolvedRules& rules);

// The size a direction's policies allow now, and the policy that decided ("100 %/15 s").
struct PolicyLimit {
  int32_t replicas = 0;
  std::string policy;
};

// Per policy: start = current - up events + down events younger than the period; up: start + v or
// ceil(start * (1 + v/100)); down: start - v or trunc(start * (1 - v/100)), all in double in this
// order. Max takes the largest change, Min the smallest, Disabled the current size.
PolicyLimit LimitOf(const ResolvedRules& rules, Direction direction, int32_t current,
                    const ScaleEvents& events, int64_t now_ns);

// A size after rate limit and min/max, with the reason of the ScalingLimited condition.
struct Limited {
  int32_t replicas = 0;
  std::string reason;
  std::string policy;  // the policy that held it, if one did
};

// Path with spec.behavior. min and max bind only in the direction of the move.
Limited LimitRate(const ResolvedRules& up, const ResolvedRules& down, const ScaleEvents& events,
                  int64_t now_ns, int32_t current, int32_t desired, int32_t min_replicas,
                  int32_t max_replicas);

// Path without spec.behavior: at most trunc(max(factor * current, minimum)) per sync.
Limited LimitLegacyStep(int32_t current, int32_t desired, int32_t min_replicas,
                        int32_t max_replicas, double factor, double minimum);

}  // namespace simulator::hpa
