#include "simulator/hpa/vectors/inputs.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace simulator::hpa {
namespace {

// Stands for the zero time that unset fields have.
constexpr int64_t kLongAgoNs = 1'000'000'000 * kSecond;

PodPhase ReadPhase(Fields& pod) {
  const std::string phase = pod.String("phase", "Running");
  if (phase == "Pending") return PodPhase::kPending;
  if (phase == "Succeeded") return PodPhase::kSucceeded;
  if (phase == "Failed") return PodPhase::kFailed;
  if (phase != "Running") pod.Fail("phase", "Running, Pending, Failed or Succeeded");
  return PodPhase::kRunning;
}

ReadyCondition ReadReady(Fields& pod) {
  if (!pod.Has("ready")) return ReadyCondition::kAbsent;
  if (pod.raw().at("ready").is_string()) {
    if (pod.String("ready", "") != "Unknown") pod.Fail("ready", "true, false, \"Unknown\" or null");
    return ReadyCondition::kUnknown;
  }
  return pod.Bool("ready", false) ? ReadyCondition::kTrue : ReadyCondition::kFalse;
}

PodSample ReadSample(Fields& pod) {
  PodSample sample;
  sample.value_milli = pod.Int("usage_milli");
  sample.time_ns = -pod.Ns("metric_age_s", kLongAgoNs);
  sample.window_ns = pod.Ns("metric_window_s", 0);
  return sample;
}

ScalingPolicy ReadPolicy(Fields& policy) {
  ScalingPolicy read;
  const std::string type = policy.String("type", "");
  if (type != "Pods" && type != "Percent") policy.Fail("type", "Pods or Percent");
  read.type = type == "Percent" ? PolicyType::kPercent : PolicyType::kPods;
  read.value = policy.Int32("value");
  read.period_seconds = policy.Int32("period_s");
  return read;
}

MetricType ReadMetricType(Fields& metric) {
  const std::string type = metric.String("type", "");
  if (type == "Resource") return MetricType::kResource;
  if (type == "ContainerResource") return MetricType::kContainerResource;
  if (type == "Pods") return MetricType::kPods;
  if (type == "Object") return MetricType::kObject;
  if (type == "External") return MetricType::kExternal;
  return MetricType::kInvalid;
}

PodSamples ReadPodValues(Fields& metric) {
  PodSamples samples;
  std::optional<Fields> values = metric.Object("pod_values_milli");
  if (!values.has_value()) return samples;
  for (const auto& member : values->raw()) {
    const std::string pod(member.key());
    if (values->Has(pod.c_str())) samples[pod].value_milli = values->Int(pod.c_str());
  }
  return samples;
}

}  // namespace

Options ReadOptions(Fields& input, Options base) {
  Options options = base;
  options.whole_second_times = false;
  if (std::optional<Fields> tolerance = input.Object("tolerance")) {
    options.tolerance.up = tolerance->Double("up", options.tolerance.up);
    options.tolerance.down = tolerance->Double("down", options.tolerance.down);
  }
  options.cpu_initialization_period_ns =
      input.Ns("cpu_initialization_period_s", options.cpu_initialization_period_ns);
  options.initial_readiness_delay_ns =
      input.Ns("initial_readiness_delay_s", options.initial_readiness_delay_ns);
  options.downscale_window_ns = input.Ns("downscale_window_s", options.downscale_window_ns);
  options.legacy_scale_up_factor =
      input.Double("scale_up_limit_factor", options.legacy_scale_up_factor);
  options.legacy_scale_up_minimum =
      input.Double("scale_up_limit_minimum", options.legacy_scale_up_minimum);
  options.scale_to_zero_gate = input.Bool("scale_to_zero_gate", options.scale_to_zero_gate);
  options.configurable_tolerance_gate =
      input.Bool("configurable_tolerance_gate", options.configurable_tolerance_gate);
  return options;
}

std::vector<Pod> ReadPods(Fields& input, const std::string& resource) {
  std::vector<Pod> pods;
  for (Fields& fields : input.Objects("pods")) {
    Pod pod;
    pod.name = fields.String("name", "");
    pod.phase = ReadPhase(fields);
    pod.deleting = fields.Bool("deleting", false);
    pod.ready = ReadReady(fields);
    if (std::optional<int64_t> age = fields.OptionalNs("start_age_s")) pod.start_ns = -*age;
    pod.ready_transition_ns = -fields.Ns("ready_transition_age_s", kLongAgoNs);
    ContainerRequests container{"container1", {}};
    if (std::optional<int64_t> request = fields.OptionalInt("request_milli")) {
      container.request_milli[resource] = *request;
    }
    pod.containers.push_back(std::move(container));
    pods.push_back(std::move(pod));
  }
  return pods;
}

PodSamples ReadSamples(Fields& input) {
  PodSamples samples;
  for (const char* list : {"pods", "extra_metrics"}) {
    for (Fields& pod : input.Objects(list)) {
      if (pod.Has("usage_milli")) samples[pod.String("name", "")] = ReadSample(pod);
    }
  }
  return samples;
}

ScalingRules ReadRules(std::optional<Fields> fields) {
  ScalingRules rules;
  if (!fields.has_value()) return rules;
  rules.stabilization_window_seconds = fields->OptionalInt32("stabilization_window_s");
  if (fields->Has("select_policy")) {
    const std::string policy = fields->String("select_policy", "");
    rules.select_policy = policy == "Min"        ? SelectPolicy::kMin
                          : policy == "Disabled" ? SelectPolicy::kDisabled
                                                 : SelectPolicy::kMax;
    if (policy != "Max" && policy != "Min" && policy != "Disabled") {
      fields->Fail("select_policy", "Max, Min or Disabled");
    }
  }
  if (fields->Has("policies")) {
    rules.policies.emplace();
    for (Fields& policy : fields->Objects("policies"))
      rules.policies->push_back(ReadPolicy(policy));
  }
  rules.tolerance = fields->OptionalDouble("tolerance");
  return rules;
}

ScaleEventList ReadEvents(Fields& input, const char* name) {
  ScaleEventList events;
  for (Fields& event : input.Objects(name)) {
    events.push_back({event.Int32("change"), -event.Ns("age_s", 0), event.Bool("outdated", false)});
  }
  return events;
}

std::vector<Recommendation> ReadRecommendations(Fields& input) {
  std::vector<Recommendation> recommendations;
  for (Fields& entry : input.Objects("recommendations")) {
    recommendations.push_back({entry.Int32("value"), -entry.Ns("age_s", 0)});
  }
  return recommendations;
}

Spec ReadSpec(Fields& input) {
  Spec spec;
  spec.min_replicas = input.OptionalInt32("min_replicas");
  spec.max_replicas = input.Int32("max_replicas");
  for (Fields& fields : input.Objects("metrics")) {
    MetricSpec metric;
    metric.type = ReadMetricType(fields);
    metric.name = fields.String("resource", fields.String("type", "metric"));
    metric.target_utilization_percent = fields.OptionalInt32("target_utilization_pct");
    metric.target_average_milli = fields.OptionalInt("target_average_milli");
    metric.target_value_milli = fields.OptionalInt("target_value_milli");
    spec.metrics.push_back(std::move(metric));
  }
  if (std::optional<Fields> behavior = input.Object("behavior")) {
    spec.behavior.emplace();
    spec.behavior->scale_up = ReadRules(behavior->Object("scale_up"));
    spec.behavior->scale_down = ReadRules(behavior->Object("scale_down"));
  }
  return spec;
}

Observation ReadObservation(Fields& input, const Spec& spec) {
  Observation observation;
  observation.scale = Scale{input.Int32("spec_replicas"), input.Int32("status_replicas")};
  observation.pods = ReadPods(input, "cpu");
  // A vector gives one request figure per pod, whatever resource a metric names.
  for (Pod& pod : observation.pods) {
    auto& requests = pod.containers.front().request_milli;
    const auto cpu = requests.find("cpu");
    if (cpu == requests.end()) continue;
    for (const MetricSpec& metric : spec.metrics) requests.emplace(metric.name, cpu->second);
  }
  for (Fields& fields : input.Objects("metrics")) {
    MetricReading reading;
    if (fields.Bool("fails", false)) reading.error = "the metric cannot be computed";
    const MetricType type = ReadMetricType(fields);
    if (type == MetricType::kResource || type == MetricType::kContainerResource) {
      reading.samples = ReadSamples(input);
    } else if (type == MetricType::kPods) {
      reading.samples = ReadPodValues(fields);
    }
    reading.values_milli = fields.Ints("values_milli");
    observation.readings.push_back(std::move(reading));
  }
  if (observation.readings.empty()) {
    observation.readings.emplace_back();
    observation.readings.back().samples = ReadSamples(input);
  }
  return observation;
}

bool EnableSwitch(const std::string& name, Options* options) {
  const std::pair<const char*, bool*> switches[] = {
      {"succeeded_pods_ignored", &options->succeeded_pods_ignored},
      {"scale_to_zero_gate", &options->scale_to_zero_gate},
      {"pod_level_resources_gate", &options->pod_level_resources_gate},
      {"missing_filled_to_target_above_100", &options->missing_filled_to_target_above_100},
      {"average_missing_filled_with_zero_at_one",
       &options->average_missing_filled_with_zero_at_one},
      {"average_count_check", &options->average_count_check},
      {"conflict_retried", &options->conflict_retried},
  };
  for (const auto& [known, value] : switches) {
    if (name != known) continue;
    *value = true;
    return true;
  }
  if (name == "absolute_tolerance") {
    options->tolerance_form = ToleranceForm::kAbsolute;
    return true;
  }
  if (name == "metrics_run_when_min_is_zero") {
    options->zero_replicas = ZeroReplicasRule::kMetricsRunWhenMinIsZero;
    return true;
  }
  return false;
}

}  // namespace simulator::hpa
