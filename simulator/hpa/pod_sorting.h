// Which pods take part in a per-pod metric.
//
// First match wins: deleting or Failed -> ignored; Pending -> unready; no sample -> missing; for
// the cpu resource only, the CPU gate says no -> unready; else ready.
//
// CPU gate: during the initialization period a pod counts only when Ready and when its whole
// sample window lies after it became Ready; afterwards it is left out only if it is not Ready and
// never was (its Ready condition last changed within the readiness delay after start).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "simulator/hpa/options.h"
#include "simulator/hpa/types.h"

namespace simulator::hpa {

struct SortedPods {
  int32_t ready_count = 0;
  std::set<std::string> unready;
  std::set<std::string> missing;
  std::set<std::string> ignored;
};

// `is_cpu`: the metric is the cpu resource, so the CPU gate applies.
SortedPods SortPods(const std::vector<Pod>& pods, const PodSamples& samples, bool is_cpu,
                    const Options& options, int64_t now_ns);

// Pods a Value target multiplies with: Running and Ready, deleting ones included, no CPU gate.
int32_t CountReady(const std::vector<Pod>& pods);

}  // namespace simulator::hpa
