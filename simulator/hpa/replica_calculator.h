// The proposal of one metric: how many replicas it asks for.
//
// Arithmetic is done in the controller's order and in IEEE double (28.0/50.0*25 must give 15);
// utilization is an integer percent, averages are integer milli-units, both truncated. Built with
// -ffp-contract=off, never with fast-math: a status of zero makes infinities and NaN that count.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "simulator/hpa/options.h"
#include "simulator/hpa/types.h"

namespace simulator::hpa {

// A valid metric's answer. The usage figures are of the first pass, before any filling.
struct Proposal {
  int32_t replicas = 0;
  int32_t utilization_percent = 0;  // utilization targets only
  int64_t usage_milli = 0;          // average per pod, or the total of a Value target
  double ratio = 0;                 // first-pass usage ratio
  bool within_tolerance = false;
};

// What every calculation shares. References must outlive the call.
struct CalculationContext {
  const Options& options;
  Tolerance tolerance;
  int64_t now_ns = 0;
  int32_t current_replicas = 0;  // scale.spec.replicas
  int32_t status_replicas = 0;   // scale.status.replicas
  const std::vector<Pod>& pods;
};

bool WithinTolerance(double ratio, const Tolerance& tolerance, ToleranceForm form);

// Request of one pod: pod level if set and the gate is on, else the sum over all containers;
// with `container` that container only. Error: "missing request for cpu in container c of Pod p".
absl::StatusOr<int64_t> PodRequest(const Pod& pod, const std::string& resource,
                                   const std::string& container, bool pod_level_gate);

// Resource and ContainerResource with a utilization target (whole percent).
absl::StatusOr<Proposal> ProposeUtilization(const CalculationContext& context,
                                            const std::string& resource,
                                            const std::string& container, int32_t target_percent,
                                            PodSamples samples);

// Resource AverageValue (`resource` = its name) and Pods metrics (`resource` empty).
absl::StatusOr<Proposal> ProposeAverage(const CalculationContext& context,
                                        const std::string& resource, int64_t target_milli,
                                        PodSamples samples);

// Object and External with a Value target: ceil(R * ready pods), no direction check.
absl::StatusOr<Proposal> ProposeValue(const CalculationContext& context, int64_t total_milli,
                                      int64_t target_milli);

// Object and External with an AverageValue target: within tolerance of status, else
// ceil(total / target). Pods do not matter.
Proposal ProposeTotalAverage(const CalculationContext& context, int64_t total_milli,
                             int64_t target_milli);

// Any metric of a spec with its reading. An error's message is the controller's text.
absl::StatusOr<Proposal> Propose(const CalculationContext& context, const MetricSpec& spec,
                                 const MetricReading& reading);

}  // namespace simulator::hpa
