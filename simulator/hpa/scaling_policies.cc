#include "simulator/hpa/scaling_policies.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "simulator/hpa/options.h"
#include "simulator/hpa/quantity.h"

namespace simulator::hpa {
namespace {

int32_t Clamp32(int64_t value) { return SaturatingReplicas(static_cast<double>(value)); }

int32_t Proposed(const ScalingPolicy& policy, Direction direction, int64_t start) {
  const bool up = direction == Direction::kUp;
  if (policy.type == PolicyType::kPods) {
    return Clamp32(up ? start + policy.value : start - policy.value);
  }
  const double fraction = static_cast<double>(policy.value) / 100;
  if (up) return SaturatingReplicas(std::ceil(static_cast<double>(start) * (1 + fraction)));
  return SaturatingReplicas(static_cast<double>(start) * (1 - fraction));
}

std::string Describe(const ScalingPolicy& policy) {
  return absl::StrCat(policy.value, policy.type == PolicyType::kPods ? " pods/" : " %/",
                      policy.period_seconds, " s");
}

}  // namespace

ResolvedRules Resolve(const ScalingRules& rules, Direction direction, int64_t downscale_window_ns) {
  ResolvedRules resolved;
  const bool up = direction == Direction::kUp;
  if (rules.stabilization_window_seconds.has_value()) {
    resolved.stabilization_window_ns = *rules.stabilization_window_seconds * kSecond;
  } else {
    resolved.stabilization_window_ns = up ? 0 : downscale_window_ns;
  }
  resolved.select_policy = rules.select_policy.value_or(SelectPolicy::kMax);
  if (rules.policies.has_value()) {
    resolved.policies = *rules.policies;
  } else {
    if (up) resolved.policies.push_back({PolicyType::kPods, 4, 15});
    resolved.policies.push_back({PolicyType::kPercent, 100, 15});
  }
  return resolved;
}

int32_t LongestPeriodSeconds(const ResolvedRules& rules) {
  int32_t longest = 0;
  for (const ScalingPolicy& policy : rules.policies) {
    longest = std::max(longest, policy.period_seconds);
  }
  return longest;
}

PolicyLimit LimitOf(const ResolvedRules& rules, Direction direction, int32_t current,
                    const ScaleEvents& events, int64_t now_ns) {
  if (rules.select_policy == SelectPolicy::kDisabled || rules.policies.empty()) {
    return {current, "Disabled"};
  }
  // The largest change upward is the highest size, downward the lowest.
  const bool highest = (rules.select_policy == SelectPolicy::kMax) == (direction == Direction::kUp);
  PolicyLimit limit;
  for (const ScalingPolicy& policy : rules.policies) {
    const int64_t start = int64_t{current} -
                          ChangeWithin(events.up, now_ns, policy.period_seconds) +
                          ChangeWithin(events.down, now_ns, policy.period_seconds);
    const int32_t proposed = Proposed(policy, direction, start);
    const bool better = highest ? proposed > limit.replicas : proposed < limit.replicas;
    if (limit.policy.empty() || better) limit = {proposed, Describe(policy)};
  }
  return limit;
}

Limited LimitRate(const ResolvedRules& up, const ResolvedRules& down, const ScaleEvents& events,
                  int64_t now_ns, int32_t current, int32_t desired, int32_t min_replicas,
                  int32_t max_replicas) {
  if (desired > current) {
    const PolicyLimit limit = LimitOf(up, Direction::kUp, current, events, now_ns);
    const int32_t allowed = std::max(limit.replicas, current);
    const bool by_policy = max_replicas > allowed;
    const int32_t top = std::min(max_replicas, allowed);
    if (desired > top) {
      return {top, by_policy ? "ScaleUpLimit" : "TooManyReplicas", by_policy ? limit.policy : ""};
    }
  } else if (desired < current) {
    const PolicyLimit limit = LimitOf(down, Direction::kDown, current, events, now_ns);
    const int32_t allowed = std::min(limit.replicas, current);
    const bool by_policy = min_replicas < allowed;
    const int32_t bottom = std::max(min_replicas, allowed);
    if (desired < bottom) {
      return {bottom, by_policy ? "ScaleDownLimit" : "TooFewReplicas",
              by_policy ? limit.policy : ""};
    }
  }
  return {desired, "DesiredWithinRange", ""};
}

Limited LimitLegacyStep(int32_t current, int32_t desired, int32_t min_replicas,
                        int32_t max_replicas, double factor, double minimum) {
  const int32_t step = SaturatingReplicas(std::max(factor * current, minimum));
  const bool by_step = max_replicas > step;
  const int32_t top = std::min(max_replicas, step);
  if (desired < min_replicas) return {min_replicas, "TooFewReplicas", ""};
  if (desired > top) {
    return {top, by_step ? "ScaleUpLimit" : "TooManyReplicas",
            by_step ? absl::StrCat(factor, "x per sync") : ""};
  }
  return {desired, "DesiredWithinRange", ""};
}

}  // namespace simulator::hpa
