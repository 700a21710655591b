#include <algorithm>
#include <cmath>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "simulator/engine/pods.h"
#include "simulator/hpa/autoscaler.h"

namespace simulator {
namespace {

// The controller's clock starts well after the oldest pod, at a whole second.
constexpr Nanos kOffset = 1'000'000 * kSecond;
constexpr Nanos kRateWindow = 120 * kSecond;  // of the adapter's rate(...[2m])

absl::StatusOr<hpa::MetricSpec> ConvertMetric(const model::MetricTarget& metric,
                                              const std::string& where) {
  hpa::MetricSpec spec;
  static const std::map<std::string, hpa::MetricType> kTypes = {
      {"Resource", hpa::MetricType::kResource},
      {"ContainerResource", hpa::MetricType::kContainerResource},
      {"Pods", hpa::MetricType::kPods},
      {"Object", hpa::MetricType::kObject},
      {"External", hpa::MetricType::kExternal}};
  const auto type = kTypes.find(metric.type());
  if (type == kTypes.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ".type: '", metric.type(),
                     "' is none of Resource, ContainerResource, Pods, Object, External"));
  }
  spec.type = type->second;
  spec.name = metric.name();
  spec.container = metric.container();
  if (metric.target_type() == "Utilization") {
    spec.target_utilization_percent = static_cast<int32_t>(metric.target_milli());
  } else if (metric.target_type() == "AverageValue") {
    spec.target_average_milli = metric.target_milli();
    spec.object_average_type = true;
  } else if (metric.target_type() == "Value") {
    spec.target_value_milli = metric.target_milli();
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ".target_type: '", metric.target_type(),
                     "' is none of Utilization, AverageValue, Value"));
  }
  return spec;
}

absl::StatusOr<hpa::ScalingRules> ConvertRules(const model::ScalingRules& rules,
                                               const std::string& where) {
  hpa::ScalingRules result;
  if (!rules.present()) return result;
  if (rules.has_stabilization_window()) {
    result.stabilization_window_seconds = rules.stabilization_window_seconds();
  }
  if (rules.select_policy() == "Max") result.select_policy = hpa::SelectPolicy::kMax;
  if (rules.select_policy() == "Min") result.select_policy = hpa::SelectPolicy::kMin;
  if (rules.select_policy() == "Disabled") result.select_policy = hpa::SelectPolicy::kDisabled;
  if (rules.has_tolerance()) result.tolerance = rules.tolerance();
  if (rules.policies().empty()) return result;
  result.policies.emplace();
  for (const model::ScalingPolicy& policy : rules.policies()) {
    if (policy.type() != "Pods" && policy.type() != "Percent") {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ".policies: type '", policy.type(), "' is not Pods or Percent"));
    }
    result.policies->push_back(
        {policy.type() == "Pods" ? hpa::PolicyType::kPods : hpa::PolicyType::kPercent,
         policy.value(), policy.period_seconds()});
  }
  return result;
}

absl::StatusOr<hpa::Spec> ConvertSpec(const model::Autoscaler& autoscaler) {
  hpa::Spec spec;
  const std::string where = "autoscaler " + autoscaler.name();
  if (autoscaler.has_min_replicas()) {
    spec.min_replicas = static_cast<int32_t>(autoscaler.min_replicas());
  }
  if (autoscaler.max_replicas() == 0) {
    return absl::InvalidArgumentError(where + ".max_replicas: missing");
  }
  spec.max_replicas = static_cast<int32_t>(autoscaler.max_replicas());
  for (int i = 0; i < autoscaler.metrics_size(); ++i) {
    absl::StatusOr<hpa::MetricSpec> metric =
        ConvertMetric(autoscaler.metrics(i), absl::StrCat(where, ".metrics[", i, "]"));
    if (!metric.ok()) return metric.status();
    spec.metrics.push_back(std::move(*metric));
  }
  if (autoscaler.has_behavior()) {
    absl::StatusOr<hpa::ScalingRules> up = ConvertRules(autoscaler.scale_up(), where + ".scale_up");
    if (!up.ok()) return up.status();
    absl::StatusOr<hpa::ScalingRules> down =
        ConvertRules(autoscaler.scale_down(), where + ".scale_down");
    if (!down.ok()) return down.status();
    spec.behavior = hpa::Behavior{std::move(*up), std::move(*down)};
  }
  return spec;
}

hpa::Options ConvertOptions(const SystemModel& system) {
  hpa::Options options = hpa::Options::Released();
  options.sync_period_ns = system.sync;
  return options;
}

class ExactScaler final : public Scaler {
 public:
  ExactScaler(const SystemModel& system, hpa::Spec spec)
      : system_(system),
        autoscaler_(spec, ConvertOptions(system)),
        metrics_(autoscaler_.spec().metrics) {
    if (metrics_.empty()) metrics_.emplace_back();  // the API's default: cpu
  }

  // metrics-server keeps its older pair while the kubelet shows the same point. A container seen
  // for the first time at an age of 10 s to one period is measured from its start.
  void Scrape(Nanos now, std::vector<PodState>& pods) override {
    for (PodState& pod : pods) {
      if (pod.gone || pod.points.empty()) continue;
      const PodPoint& point = pod.points.back();
      if (pod.has_latest && pod.latest.time == point.time) continue;
      if (pod.has_latest) {
        pod.previous = pod.latest;
        pod.has_previous = true;
      } else if (now - pod.running >= 10 * kSecond && now - pod.running < system_.scrape) {
        pod.previous = {pod.running, 0, 0, 0};
        pod.has_previous = true;
      }
      pod.latest = point;
      pod.has_latest = true;
    }
  }

  Answer Synchronise(Nanos now, uint32_t current, const std::vector<PodState>& pods) override {
    hpa::Observation observation;
    int32_t alive = 0;
    for (size_t i = 0; i < pods.size(); ++i) {
      if (pods[i].gone) continue;
      alive += !pods[i].terminating;
      observation.pods.push_back(Describe(pods[i]));
    }
    observation.scale = hpa::Scale{static_cast<int32_t>(current), alive};
    for (const hpa::MetricSpec& metric : metrics_) {
      observation.readings.push_back(Read(metric, pods));
    }
    const hpa::Decision decision = autoscaler_.Reconcile(now + kOffset, observation);
    return {static_cast<uint32_t>(std::max(0, decision.desired)), decision.scale_written,
            decision.explanation, HeldBy(decision)};
  }

 private:
  static std::string HeldBy(const hpa::Decision& decision) {
    if (!decision.proposal.has_value()) return decision.error;
    if (*decision.proposal != decision.desired) {
      if (decision.stabilized && *decision.stabilized != *decision.proposal) {
        return "stabilization window";
      }
      return decision.conditions.scaling_limited.reason;
    }
    for (const hpa::MetricOutcome& metric : decision.metrics) {
      if (metric.text.find("within tolerance") != std::string::npos) return "tolerance";
    }
    return "";
  }

  static std::string Name(size_t pod) { return absl::StrCat("pod-", pod); }

  hpa::Pod Describe(const PodState& state) const {
    hpa::Pod pod;
    pod.name = Name(state.identity);
    pod.phase = state.is_running ? hpa::PodPhase::kRunning : hpa::PodPhase::kPending;
    pod.deleting = state.terminating;
    pod.ready = state.ready ? hpa::ReadyCondition::kTrue : hpa::ReadyCondition::kFalse;
    if (state.scheduled) pod.start_ns = state.created + kOffset;
    const Nanos unready = state.unready_since == kNever ? state.created : state.unready_since;
    pod.ready_transition_ns = (state.ready ? state.ready_at : unready) + kOffset;
    hpa::ContainerRequests container;
    container.name = system_.pod.workload;
    if (system_.pod.request_millicores > 0) {
      container.request_milli["cpu"] = system_.pod.request_millicores;
    }
    if (system_.pod.request_memory_bytes > 0) {
      container.request_milli["memory"] = system_.pod.request_memory_bytes * 1000;
    }
    pod.containers.push_back(std::move(container));
    return pod;
  }

  hpa::MetricReading Read(const hpa::MetricSpec& metric, const std::vector<PodState>& pods) const {
    switch (metric.type) {
      case hpa::MetricType::kResource:
      case hpa::MetricType::kContainerResource:
        return ReadResource(metric.name, pods);
      case hpa::MetricType::kPods:
        if (Exported(metric.name)) return ReadRequestRate(pods);
        break;
      default:
        break;
    }
    hpa::MetricReading reading;
    reading.error = absl::StrCat("no metrics returned from custom metrics API for ", metric.name);
    return reading;
  }

  hpa::MetricReading ReadResource(const std::string& name,
                                  const std::vector<PodState>& pods) const {
    hpa::MetricReading reading;
    if (name != "cpu" && name != "memory") {
      reading.error = "no metrics returned from resource metrics API";
      return reading;
    }
    for (size_t i = 0; i < pods.size(); ++i) {
      const PodState& pod = pods[i];
      if (pod.gone || !pod.has_previous) continue;
      const Nanos window = pod.latest.time - pod.previous.time;
      if (window <= 0) continue;
      hpa::PodSample sample;
      sample.time_ns = pod.latest.time + kOffset;
      sample.window_ns = window;
      if (name == "cpu") {
        const double nanocores = std::floor((pod.latest.cpu_ns - pod.previous.cpu_ns) /
                                            static_cast<double>(window) * 1e9);
        sample.value_milli = static_cast<int64_t>(std::ceil(nanocores / 1e6));
      } else {
        sample.value_milli = static_cast<int64_t>(pod.latest.memory_bytes) * 1000;
      }
      reading.samples[Name(pod.identity)] = sample;
    }
    if (reading.samples.empty()) reading.error = "no metrics returned from resource metrics API";
    return reading;
  }

  bool Exported(const std::string& name) const {
    return system_.custom_metrics &&
           std::find(system_.exported_metrics.begin(), system_.exported_metrics.end(), name) !=
               system_.exported_metrics.end();
  }

  // The pod's request rate over two minutes, as the adapter's rate(...[2m]).
  hpa::MetricReading ReadRequestRate(const std::vector<PodState>& pods) const {
    hpa::MetricReading reading;
    for (size_t i = 0; i < pods.size(); ++i) {
      const PodState& pod = pods[i];
      if (pod.gone || pod.points.size() < 2) continue;
      const PodPoint& last = pod.points.back();
      auto first = pod.points.begin();
      while (first->time < last.time - kRateWindow) ++first;
      if (first->time == last.time) continue;
      hpa::PodSample sample;
      sample.time_ns = last.time + kOffset;
      sample.window_ns = last.time - first->time;
      sample.value_milli =
          static_cast<int64_t>(static_cast<double>(last.requests - first->requests) * 1e12 /
                               static_cast<double>(last.time - first->time));
      reading.samples[Name(pod.identity)] = sample;
    }
    if (reading.samples.empty()) reading.error = "no metrics returned from custom metrics API";
    return reading;
  }

  const SystemModel& system_;
  hpa::Autoscaler autoscaler_;
  std::vector<hpa::MetricSpec> metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Scaler>> Scaler::Create(const SystemModel& system) {
  absl::StatusOr<hpa::Spec> spec = ConvertSpec(*system.autoscaler);
  if (!spec.ok()) return spec.status();
  return std::make_unique<ExactScaler>(system, std::move(*spec));
}

}  // namespace simulator
