// What the Horizontal Pod Autoscaler (autoscaling/v2) sees and what it is told to do.
//
// Plain values, no behaviour. Units: quantities are int64 milli-units (1000 = one core, one byte
// or 1.0 of a custom metric), times are int64 nanoseconds of the caller's clock (virtual time in
// the simulator; only differences matter), durations of the API are whole seconds as in YAML.
//
// Quantities must already be rounded UP to milli-units, per container, before any sum: see
// quantity.h. 1.0001 m of CPU counts as 2 m.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace simulator::hpa {

enum class PodPhase { kPending, kRunning, kSucceeded, kFailed };

// Status of the pod's Ready condition. kAbsent: the pod has no such condition. kUnknown is not
// kFalse: the CPU gate treats it like a ready pod.
enum class ReadyCondition { kAbsent, kFalse, kUnknown, kTrue };

// Requests of one container (or restartable init container), by resource name ("cpu", "memory").
// A resource that is not in the map has no request, which makes a utilization metric invalid.
struct ContainerRequests {
  std::string name;
  std::map<std::string, int64_t> request_milli;
};

struct Pod {
  std::string name;
  PodPhase phase = PodPhase::kRunning;
  bool deleting = false;  // a deletion timestamp is set
  ReadyCondition ready = ReadyCondition::kAbsent;
  std::optional<int64_t> start_ns;  // status.startTime: accepted by the kubelet
  int64_t ready_transition_ns = 0;  // lastTransitionTime of the Ready condition
  std::vector<ContainerRequests> containers;
  std::map<std::string, int64_t> pod_level_request_milli;  // used with the PodLevelResources gate
};

// One pod's value of one metric. For Resource metrics the sum over its containers; a pod of which
// any container lacks the resource has no sample at all (leave it out).
struct PodSample {
  int64_t value_milli = 0;
  int64_t time_ns = 0;    // end of the measured window
  int64_t window_ns = 0;  // its length
};

// By pod name. May hold pods that are not in the pod list.
using PodSamples = std::map<std::string, PodSample>;

enum class MetricType { kResource, kContainerResource, kPods, kObject, kExternal, kInvalid };

// spec.metrics[i]. Exactly one target is set in a valid manifest. If an average and another target
// are set, the average wins for Resource and External metrics; Object goes by target.type.
struct MetricSpec {
  MetricType type = MetricType::kResource;
  std::string name = "cpu";  // resource or metric name
  std::string container;     // ContainerResource only
  std::optional<int32_t> target_utilization_percent;
  std::optional<int64_t> target_average_milli;
  std::optional<int64_t> target_value_milli;
  bool object_average_type = false;  // Object with both targets: target.type is AverageValue
};

// What the metrics API answered for one MetricSpec at this reconcile.
struct MetricReading {
  std::string error;                  // not empty: the query failed, the metric is invalid
  PodSamples samples;                 // Resource, ContainerResource, Pods
  std::vector<int64_t> values_milli;  // Object: one value; External: a list, summed
};

enum class SelectPolicy { kMax, kMin, kDisabled };
enum class PolicyType { kPods, kPercent };

struct ScalingPolicy {
  PolicyType type = PolicyType::kPods;
  int32_t value = 0;
  int32_t period_seconds = 0;  // 1..1800
};

// One direction of spec.behavior as written: an absent field takes its default as a whole.
struct ScalingRules {
  std::optional<int32_t> stabilization_window_seconds;  // 0..3600
  std::optional<SelectPolicy> select_policy;
  std::optional<std::vector<ScalingPolicy>> policies;
  std::optional<double> tolerance;  // fraction
};

struct Behavior {
  ScalingRules scale_up;
  ScalingRules scale_down;
};

// The autoscaler's spec. An empty metric list means the API default: cpu at 80 % utilization.
// Without behavior the legacy path runs (doubling per sync, downscale window of the controller).
struct Spec {
  std::optional<int32_t> min_replicas;  // absent: 1
  int32_t max_replicas = 1;
  std::vector<MetricSpec> metrics;
  std::optional<Behavior> behavior;
};

// The target's scale subresource. `spec_replicas` is what was last wanted, `status_replicas` what
// the workload reports.
struct Scale {
  int32_t spec_replicas = 0;
  int32_t status_replicas = 0;
};

}  // namespace simulator::hpa
