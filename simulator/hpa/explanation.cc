#include "simulator/hpa/explanation.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace simulator::hpa {
namespace {

std::string Amount(int64_t milli) { return absl::StrCat(static_cast<double>(milli) / 1000); }

std::string UsageOfTarget(const MetricSpec& spec, const Proposal& proposal) {
  const bool per_pod_target =
      spec.target_average_milli.has_value() &&
      !(spec.type == MetricType::kObject && spec.target_value_milli && !spec.object_average_type);
  if (per_pod_target) {
    return absl::StrCat(Amount(proposal.usage_milli), " of ", Amount(*spec.target_average_milli),
                        " per pod");
  }
  if (spec.target_utilization_percent.has_value()) {
    return absl::StrCat(proposal.utilization_percent, " % of ", *spec.target_utilization_percent,
                        " %");
  }
  return absl::StrCat(Amount(proposal.usage_milli), " of ",
                      Amount(spec.target_value_milli.value_or(0)));
}

}  // namespace

std::string DescribeMetric(const MetricSpec& spec, const absl::StatusOr<Proposal>& proposal) {
  if (!proposal.ok()) return absl::StrCat(spec.name, ": ", proposal.status().message());
  return absl::StrCat(spec.name, " ", UsageOfTarget(spec, *proposal),
                      proposal->within_tolerance ? " (within tolerance)" : "", " -> ",
                      proposal->replicas);
}

std::string DescribeLimit(const Limited& limited) {
  if (limited.reason == "DesiredWithinRange") return "";
  const std::string held = absl::StrCat("held at ", limited.replicas, " by ");
  if (limited.reason == "TooManyReplicas") return absl::StrCat(held, "maxReplicas");
  if (limited.reason == "TooFewReplicas") return absl::StrCat(held, "minReplicas");
  return absl::StrCat(held, "the ", limited.policy, " policy");
}

std::string Explain(const Decision& decision, const std::string& limit) {
  std::vector<std::string> parts;
  if (!decision.metrics.empty()) {
    parts.push_back(absl::StrJoin(
        decision.metrics, ", ",
        [](std::string* out, const MetricOutcome& metric) { absl::StrAppend(out, metric.text); }));
    if (decision.proposal.has_value()) absl::StrAppend(&parts.back(), " wanted");
  }
  if (decision.proposal && decision.stabilized && *decision.proposal != *decision.stabilized) {
    parts.push_back(absl::StrCat("held at ", *decision.stabilized,
                                 " by a recent recommendation (stabilization window)"));
  }
  if (!limit.empty()) parts.push_back(limit);
  if (decision.metrics.empty() && !decision.conditions.scaling_active.status &&
      !decision.conditions.scaling_active.message.empty()) {
    parts.push_back(decision.conditions.scaling_active.message);
  }
  if (!decision.conditions.able_to_scale.status) {
    parts.push_back(decision.conditions.able_to_scale.message);
  }
  parts.push_back(decision.scale_written ? absl::StrCat(decision.current, " -> ", decision.desired)
                                         : absl::StrCat("stays at ", decision.current));
  return absl::StrJoin(parts, "; ");
}

}  // namespace simulator::hpa
