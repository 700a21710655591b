#include "simulator/hpa/replica_calculator.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "simulator/hpa/pod_sorting.h"
#include "simulator/hpa/quantity.h"
#include "simulator/hpa/usage_ratio.h"

namespace simulator::hpa {
namespace {

using RatioOf = std::function<absl::StatusOr<UsageRatio>(const PodSamples&)>;

// How the two per-pod calculations differ beyond their ratio.
struct PerPodRules {
  RatioOf ratio;
  std::function<int64_t(const std::string& pod)> missing_value_down;
  bool fill_missing_with_zero_at_one = false;
  bool count_check = true;
};

void FillMissing(const SortedPods& sorted, double ratio, const PerPodRules& rules,
                 PodSamples* samples) {
  for (const std::string& pod : sorted.missing) {
    if (ratio < 1.0) {
      (*samples)[pod].value_milli = rules.missing_value_down(pod);
    } else if (ratio > 1.0 || rules.fill_missing_with_zero_at_one) {
      (*samples)[pod].value_milli = 0;
    }
  }
}

// The second pass over filled-in samples. Any doubt about the direction keeps the current size.
absl::StatusOr<int32_t> Refill(const CalculationContext& context, const SortedPods& sorted,
                               double ratio, const PerPodRules& rules, PodSamples samples) {
  FillMissing(sorted, ratio, rules, &samples);
  if (ratio > 1.0) {
    for (const std::string& pod : sorted.unready) samples[pod].value_milli = 0;
  }
  absl::StatusOr<UsageRatio> again = rules.ratio(samples);
  if (!again.ok()) return again.status();
  const double second = again->ratio;
  const int32_t current = context.current_replicas;
  if (WithinTolerance(second, context.tolerance, context.options.tolerance_form) ||
      (ratio < 1.0 && second > 1.0) || (ratio > 1.0 && second < 1.0)) {
    return current;
  }
  const int32_t count = SaturatingReplicas(std::ceil(second * static_cast<double>(samples.size())));
  if (rules.count_check &&
      ((second < 1.0 && count > current) || (second > 1.0 && count < current))) {
    return current;
  }
  return count;
}

absl::StatusOr<Proposal> ProposePerPod(const CalculationContext& context, const SortedPods& sorted,
                                       const PerPodRules& rules, PodSamples samples) {
  absl::StatusOr<UsageRatio> first = rules.ratio(samples);
  if (!first.ok()) return first.status();
  Proposal proposal;
  proposal.utilization_percent = first->utilization_percent;
  proposal.usage_milli = first->average_milli;
  proposal.ratio = first->ratio;
  proposal.within_tolerance =
      WithinTolerance(first->ratio, context.tolerance, context.options.tolerance_form);
  const bool unready_dampen = !sorted.unready.empty() && first->ratio > 1.0;
  if (sorted.missing.empty() && !unready_dampen) {
    proposal.replicas =
        proposal.within_tolerance
            ? context.current_replicas
            : SaturatingReplicas(std::ceil(first->ratio * static_cast<double>(sorted.ready_count)));
    return proposal;
  }
  absl::StatusOr<int32_t> replicas =
      Refill(context, sorted, first->ratio, rules, std::move(samples));
  if (!replicas.ok()) return replicas.status();
  proposal.replicas = *replicas;
  proposal.within_tolerance = false;
  return proposal;
}

// Sorts the pods and drops the samples that must not count. Error when nothing is left.
absl::StatusOr<SortedPods> SortAndDrop(const CalculationContext& context, bool is_cpu,
                                       PodSamples* samples) {
  if (context.pods.empty()) {
    return absl::NotFoundError("no pods returned by selector while calculating replica count");
  }
  SortedPods sorted = SortPods(context.pods, *samples, is_cpu, context.options, context.now_ns);
  for (const std::string& pod : sorted.ignored) samples->erase(pod);
  for (const std::string& pod : sorted.unready) samples->erase(pod);
  if (samples->empty()) {
    return absl::NotFoundError("did not receive metrics for targeted pods (pods might be unready)");
  }
  return sorted;
}

int64_t MultiplyDivide(int64_t value, int64_t factor, int64_t divisor) {
  return static_cast<int64_t>(static_cast<__int128>(value) * factor / divisor);
}

absl::StatusOr<Proposal> ProposeTotal(const CalculationContext& context, const MetricSpec& spec,
                                      const MetricReading& reading) {
  const bool is_object = spec.type == MetricType::kObject;
  if (reading.values_milli.empty()) {
    return absl::NotFoundError(is_object ? "no metrics returned from custom metrics API"
                                         : "no metrics returned from external metrics API");
  }
  int64_t total = 0;
  for (int64_t value : reading.values_milli) total = SaturatingAdd(total, value);
  const bool both = spec.target_average_milli.has_value() && spec.target_value_milli.has_value();
  const bool average =
      both ? (!is_object || spec.object_average_type) : spec.target_average_milli.has_value();
  if (average) return ProposeTotalAverage(context, total, *spec.target_average_milli);
  if (spec.target_value_milli.has_value()) {
    return ProposeValue(context, total, *spec.target_value_milli);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("invalid ", is_object ? "object" : "external",
                   " metric source: neither a value target nor an average value target was set"));
}

}  // namespace

bool WithinTolerance(double ratio, const Tolerance& tolerance, ToleranceForm form) {
  if (form == ToleranceForm::kAbsolute) return std::abs(1.0 - ratio) <= tolerance.up;
  return (1.0 - tolerance.down) <= ratio && ratio <= (1.0 + tolerance.up);
}

absl::StatusOr<int64_t> PodRequest(const Pod& pod, const std::string& resource,
                                   const std::string& container, bool pod_level_gate) {
  if (pod_level_gate && container.empty()) {
    const auto pod_level = pod.pod_level_request_milli.find(resource);
    if (pod_level != pod.pod_level_request_milli.end()) return pod_level->second;
  }
  int64_t sum = 0;
  bool found_container = container.empty();
  for (const ContainerRequests& requests : pod.containers) {
    if (!container.empty() && requests.name != container) continue;
    found_container = true;
    const auto request = requests.request_milli.find(resource);
    if (request == requests.request_milli.end()) {
      return absl::NotFoundError(absl::StrCat("missing request for ", resource, " in container ",
                                              requests.name, " of Pod ", pod.name));
    }
    sum = SaturatingAdd(sum, request->second);
  }
  if (!found_container) {
    return absl::NotFoundError(
        absl::StrCat("container ", container, " not found in Pod ", pod.name));
  }
  return sum;
}

absl::StatusOr<Proposal> ProposeUtilization(const CalculationContext& context,
                                            const std::string& resource,
                                            const std::string& container, int32_t target_percent,
                                            PodSamples samples) {
  if (samples.empty()) {
    return absl::NotFoundError("no metrics returned from resource metrics API");
  }
  absl::StatusOr<SortedPods> sorted = SortAndDrop(context, resource == "cpu", &samples);
  if (!sorted.ok()) return sorted.status();
  std::map<std::string, int64_t> requests;
  for (const Pod& pod : context.pods) {
    absl::StatusOr<int64_t> request =
        PodRequest(pod, resource, container, context.options.pod_level_resources_gate);
    if (!request.ok()) return request.status();
    requests[pod.name] = *request;
  }
  const int64_t fill_percent =
      context.options.missing_filled_to_target_above_100 ? std::max(100, target_percent) : 100;
  PerPodRules rules;
  rules.ratio = [&](const PodSamples& from) {
    return UtilizationRatio(from, requests, target_percent);
  };
  rules.missing_value_down = [&](const std::string& pod) {
    return MultiplyDivide(requests[pod], fill_percent, 100);
  };
  return ProposePerPod(context, *sorted, rules, std::move(samples));
}

absl::StatusOr<Proposal> ProposeAverage(const CalculationContext& context,
                                        const std::string& resource, int64_t target_milli,
                                        PodSamples samples) {
  if (samples.empty()) {
    return absl::NotFoundError(resource.empty() ? "no metrics returned from custom metrics API"
                                                : "no metrics returned from resource metrics API");
  }
  absl::StatusOr<SortedPods> sorted = SortAndDrop(context, resource == "cpu", &samples);
  if (!sorted.ok()) return sorted.status();
  PerPodRules rules;
  rules.ratio = [&](const PodSamples& from) -> absl::StatusOr<UsageRatio> {
    return AverageRatio(from, target_milli);
  };
  rules.missing_value_down = [&](const std::string&) { return target_milli; };
  rules.fill_missing_with_zero_at_one = context.options.average_missing_filled_with_zero_at_one;
  rules.count_check = context.options.average_count_check;
  return ProposePerPod(context, *sorted, rules, std::move(samples));
}

absl::StatusOr<Proposal> ProposeValue(const CalculationContext& context, int64_t total_milli,
                                      int64_t target_milli) {
  Proposal proposal;
  proposal.usage_milli = total_milli;
  proposal.ratio = static_cast<double>(total_milli) / static_cast<double>(target_milli);
  if (context.current_replicas == 0) {
    proposal.replicas = SaturatingReplicas(std::ceil(proposal.ratio));
    return proposal;
  }
  if (WithinTolerance(proposal.ratio, context.tolerance, context.options.tolerance_form)) {
    proposal.within_tolerance = true;
    proposal.replicas = context.current_replicas;
    return proposal;
  }
  if (context.pods.empty()) {
    return absl::NotFoundError("no pods returned by selector while calculating replica count");
  }
  proposal.replicas =
      SaturatingReplicas(std::ceil(proposal.ratio * static_cast<double>(CountReady(context.pods))));
  return proposal;
}

Proposal ProposeTotalAverage(const CalculationContext& context, int64_t total_milli,
                             int64_t target_milli) {
  const double total = static_cast<double>(total_milli);
  const double target = static_cast<double>(target_milli);
  const double status = static_cast<double>(context.status_replicas);
  Proposal proposal;
  proposal.ratio = total / (target * status);
  proposal.replicas = context.status_replicas;
  proposal.within_tolerance =
      WithinTolerance(proposal.ratio, context.tolerance, context.options.tolerance_form);
  if (!proposal.within_tolerance) proposal.replicas = SaturatingReplicas(std::ceil(total / target));
  // The reported value per pod, rounded up; nothing can be reported per pod of none.
  if (context.status_replicas != 0) {
    const double average = std::ceil(total / status);
    proposal.usage_milli = average >= 9223372036854775808.0 ? std::numeric_limits<int64_t>::max()
                                                            : static_cast<int64_t>(average);
  }
  return proposal;
}

absl::StatusOr<Proposal> Propose(const CalculationContext& context, const MetricSpec& spec,
                                 const MetricReading& reading) {
  if (spec.type == MetricType::kInvalid) {
    return absl::InvalidArgumentError("unknown metric source type");
  }
  if (!reading.error.empty()) return absl::UnavailableError(reading.error);
  switch (spec.type) {
    case MetricType::kResource:
    case MetricType::kContainerResource:
      if (spec.target_average_milli.has_value()) {
        return ProposeAverage(context, spec.name, *spec.target_average_milli, reading.samples);
      }
      if (spec.target_utilization_percent.has_value()) {
        return ProposeUtilization(context, spec.name, spec.container,
                                  *spec.target_utilization_percent, reading.samples);
      }
      return absl::InvalidArgumentError(
          "invalid resource metric source: neither an average utilization target nor an average "
          "value (usage) target was set");
    case MetricType::kPods:
      if (!spec.target_average_milli.has_value()) {
        return absl::InvalidArgumentError("invalid pods metric source: no average value target");
      }
      return ProposeAverage(context, "", *spec.target_average_milli, reading.samples);
    case MetricType::kObject:
    case MetricType::kExternal:
      return ProposeTotal(context, spec, reading);
    case MetricType::kInvalid:
      break;
  }
  return absl::InvalidArgumentError("unknown metric source type");
}

}  // namespace simulator::hpa
