#include "simulator/check/scaling_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace simulator::check {
namespace {

constexpr int kRoundSeconds = 15;  // the controller's sync period
constexpr int kDayRounds = 86400 / kRoundSeconds;
constexpr int kDownWindowSeconds = 300;  // --horizontal-pod-autoscaler-downscale-stabilization

struct Change {
  int at_seconds;
  int64_t pods;
};

model::ScalingPolicy Policy(const char* type, int value, int period) {
  model::ScalingPolicy policy;
  policy.set_type(type);
  policy.set_value(value);
  policy.set_period_seconds(period);
  return policy;
}

// What the API server fills in when `behavior` is there but names no policies.
std::vector<model::ScalingPolicy> PoliciesOf(const model::ScalingRules& rules, bool up) {
  if (rules.policies_size() > 0) return {rules.policies().begin(), rules.policies().end()};
  if (up) return {Policy("Pods", 4, 15), Policy("Percent", 100, 15)};
  return {Policy("Percent", 100, 15)};
}

// The count that one policy lets the autoscaler reach at `now`. A change exactly as old as the
// period no longer counts: real rounds are a little longer than 15 s.
int64_t Limit(const model::ScalingPolicy& policy, bool up, int64_t current, int now,
              const std::vector<Change>& changes) {
  int64_t start = current;
  for (const Change& change : changes) {
    if (now - change.at_seconds < policy.period_seconds()) start += up ? -change.pods : change.pods;
  }
  const int64_t value = policy.value();
  if (policy.type() == "Pods") return up ? start + value : start - value;
  const double factor = static_cast<double>(value) / 100;
  return up ? static_cast<int64_t>(std::ceil(static_cast<double>(start) * (1 + factor)))
            : static_cast<int64_t>(std::trunc(static_cast<double>(start) * (1 - factor)));
}

int64_t Bound(const model::Autoscaler& autoscaler, bool up, int64_t current, int now,
              const std::vector<Change>& changes) {
  if (!autoscaler.has_behavior()) return up ? std::max<int64_t>(2 * current, 4) : 0;
  const model::ScalingRules& rules = up ? autoscaler.scale_up() : autoscaler.scale_down();
  std::vector<int64_t> limits;
  for (const model::ScalingPolicy& policy : PoliciesOf(rules, up)) {
    limits.push_back(Limit(policy, up, current, now, changes));
  }
  const auto [low, high] = std::minmax_element(limits.begin(), limits.end());
  const bool largest_change = rules.select_policy() != "Min";
  return up == largest_change ? *high : *low;
}

int LongestPeriod(const model::Autoscaler& autoscaler, bool up) {
  int longest = kRoundSeconds;
  if (!autoscaler.has_behavior()) return longest;
  const model::ScalingRules& rules = up ? autoscaler.scale_up() : autoscaler.scale_down();
  for (const model::ScalingPolicy& policy : rules.policies()) {
    longest = std::max(longest, policy.period_seconds());
  }
  return longest;
}

double Window(const model::Autoscaler& autoscaler, bool up) {
  const model::ScalingRules& rules = up ? autoscaler.scale_up() : autoscaler.scale_down();
  if (rules.has_stabilization_window()) return rules.stabilization_window_seconds();
  return up ? 0 : kDownWindowSeconds;
}

std::string PathText(const std::vector<int64_t>& counts) {
  if (counts.size() <= 8) return absl::StrJoin(counts, " -> ");
  return absl::StrCat(counts[0], " -> ", counts[1], " -> ", counts[2], " -> ... -> ",
                      counts[counts.size() - 2], " -> ", counts.back());
}

ScalingTime Step(const model::Autoscaler& autoscaler, bool up, uint32_t from, uint32_t to) {
  ScalingTime time;
  const model::ScalingRules& rules = up ? autoscaler.scale_up() : autoscaler.scale_down();
  if (rules.select_policy() == "Disabled") {
    time.possible = false;
    return time;
  }
  time.window_seconds = Window(autoscaler, up);
  int64_t current = from;
  const int64_t target = to;
  std::vector<Change> changes;
  std::vector<int64_t> counts = {current};
  for (int round = 0; current != target; ++round) {
    if (round > kDayRounds) {
      time.possible = false;
      return time;
    }
    const int now = round * kRoundSeconds;
    const int64_t bound = Bound(autoscaler, up, current, now, changes);
    const int64_t next = up ? std::min(target, std::max(bound, current))
                            : std::max(target, std::min(bound, current));
    if (next == current) continue;
    changes.push_back({now, std::abs(next - current)});
    current = next;
    counts.push_back(current);
  }
  time.steps = static_cast<uint32_t>(changes.size());
  if (!changes.empty()) {
    time.policy_seconds = changes.back().at_seconds + LongestPeriod(autoscaler, up);
    time.total_seconds = time.window_seconds + changes.back().at_seconds;
  }
  time.path = PathText(counts);
  return time;
}

}  // namespace

ScalingTime ScaleUpTime(const model::Autoscaler& autoscaler, uint32_t from, uint32_t to) {
  return Step(autoscaler, true, from, std::max(from, to));
}

ScalingTime ScaleDownTime(const model::Autoscaler& autoscaler, uint32_t from, uint32_t to) {
  return Step(autoscaler, false, from, std::min(from, to));
}

std::string PolicyText(const model::ScalingRules& rules) {
  std::vector<std::string> parts;
  for (const model::ScalingPolicy& policy : rules.policies()) {
    parts.push_back(absl::StrCat(policy.value(), policy.type() == "Pods" ? " pods" : " %", " per ",
                                 policy.period_seconds(), " s"));
  }
  if (parts.empty()) return "the built-in policies";
  if (parts.size() == 1) return parts[0];
  return absl::StrCat(absl::StrJoin(parts, " or "), ", whichever is ",
                      rules.select_policy() == "Min" ? "less" : "more");
}

}  // namespace simulator::check
