#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/check/rule.h"
#include "simulator/check/scaling_arithmetic.h"

namespace simulator::check {
namespace {

constexpr double kSlowDownSeconds = 15 * 60;
constexpr double kSlowUpSeconds = 5 * 60;

std::string Minutes(double seconds) {
  if (seconds < 120) return absl::StrCat(std::lround(seconds), " s");
  return absl::StrFormat("%.3g min", seconds / 60);
}

std::string Arithmetic(const ScalingTime& time, const model::ScalingRules& rules, uint32_t from,
                       uint32_t to) {
  return absl::StrCat(from, " -> ", to, " takes ", Minutes(time.policy_seconds), ": ", time.steps,
                      " steps (", PolicyText(rules), "), after a window of ",
                      std::lround(time.window_seconds), " s");
}

void RunDown(const Context& context, Reporter& reporter) {
  for (const model::Autoscaler& autoscaler : context.deployment.autoscalers()) {
    const ScalingTime time =
        ScaleDownTime(autoscaler, autoscaler.max_replicas(), autoscaler.min_replicas());
    if (!time.possible || time.policy_seconds <= kSlowDownSeconds) continue;
    reporter.Find(
        At(context.deployment, absl::StrCat("autoscalers.", autoscaler.name(), ".scale_down")),
        "scaling down takes so long that the peak's pods are paid for long after it",
        "one Percent policy (50 % per 60 s), or selectPolicy: Max",
        Arithmetic(time, autoscaler.scale_down(), autoscaler.max_replicas(),
                   autoscaler.min_replicas()));
  }
}

void RunUp(const Context& context, Reporter& reporter) {
  for (const model::Autoscaler& autoscaler : context.deployment.autoscalers()) {
    const ScalingTime time =
        ScaleUpTime(autoscaler, autoscaler.min_replicas(), autoscaler.max_replicas());
    if (!time.possible || time.total_seconds <= kSlowUpSeconds) continue;
    // A small range of a stateful service is scaled slowly on purpose.
    if (autoscaler.target_kind() == "StatefulSet") continue;
    reporter.Find(
        At(context.deployment, absl::StrCat("autoscalers.", autoscaler.name(), ".scale_up")),
        "scaling up takes longer than users wait for a peak to be served",
        "a Percent policy of 100 % per 15-30 s and a short window",
        Arithmetic(time, autoscaler.scale_up(), autoscaler.min_replicas(),
                   autoscaler.max_replicas()));
  }
}

void RunDisabled(const Context& context, Reporter& reporter) {
  for (const model::Autoscaler& autoscaler : context.deployment.autoscalers()) {
    const bool up = autoscaler.scale_up().select_policy() == "Disabled";
    const bool down = autoscaler.scale_down().select_policy() == "Disabled";
    if (!up && !down) continue;
    reporter.Find(At(context.deployment, absl::StrCat("autoscalers.", autoscaler.name(),
                                                      up ? ".scale_up" : ".scale_down")),
                  absl::StrCat("scaling ", up ? "up" : "down", " is disabled"),
                  "remove selectPolicy: Disabled unless someone scales by hand");
  }
}

}  // namespace

Rules ScalingTimeRules() {
  using model::Finding;
  return {
      {"scale-down-slow", Finding::WARNING, false,
       "the policies bring max to min within 15 minutes", RunDown},
      {"scale-up-slow", Finding::WARNING, false, "the policies bring min to max within 5 minutes",
       RunUp},
      {"scaling-disabled", Finding::WARNING, false, "no direction is disabled", RunDisabled},
  };
}

}  // namespace simulator::check
