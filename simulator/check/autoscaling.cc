#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::Autoscaler;
using model::Deployment;
using model::MetricTarget;

std::string Path(const Autoscaler& autoscaler, const std::string& field = "") {
  return absl::StrCat("autoscalers.", autoscaler.name(), field.empty() ? "" : ".", field);
}

bool IsResource(const MetricTarget& metric) {
  return metric.type() == "Resource" || metric.type() == "ContainerResource";
}

bool IsExported(const Deployment& deployment, const MetricTarget& metric) {
  const auto& exported = deployment.metrics().exported_metrics();
  return deployment.metrics().custom_metrics_adapter() &&
         std::find(exported.begin(), exported.end(), metric.name()) != exported.end();
}

bool TargetsExist(const Context& context) { return context.deployment.workloads_size() > 0; }

void RunTarget(const Context& context, Reporter& reporter) {
  if (!TargetsExist(context)) return;
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    const model::Workload* workload = context.Workload(autoscaler.target_name());
    if (workload != nullptr && workload->kind() == autoscaler.target_kind()) continue;
    reporter.Find(At(context.deployment, Path(autoscaler, "target_name")),
                  absl::StrCat("scales ", autoscaler.target_kind(), "/", autoscaler.target_name(),
                               ", which is not among the manifests"),
                  "name an existing workload in scaleTargetRef");
  }
}

void RunMetric(const Context& context, Reporter& reporter) {
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    for (const MetricTarget& metric : autoscaler.metrics()) {
      if (IsResource(metric) || IsExported(context.deployment, metric)) continue;
      const bool adapter = context.deployment.metrics().custom_metrics_adapter();
      reporter.Find(
          At(context.deployment, Path(autoscaler, absl::StrCat("metrics.", metric.name()))),
          absl::StrCat("nobody serves the metric ", metric.name(), ": ",
                       adapter ? "the adapter has no rule for it"
                               : "no custom metrics adapter (APIService custom.metrics.k8s.io)"),
          "install an adapter with a rule for this metric and export it from the pods, or scale on "
          "CPU");
    }
  }
}

void RunBlocked(const Context& context, Reporter& reporter) {
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    std::vector<std::string> missing;
    for (const MetricTarget& metric : autoscaler.metrics()) {
      if (!IsResource(metric) && !IsExported(context.deployment, metric)) {
        missing.push_back(metric.name());
      }
    }
    if (missing.empty()) continue;
    reporter.Find(At(context.deployment, Path(autoscaler)),
                  absl::StrCat("while ", absl::StrJoin(missing, " and "),
                               " cannot be read the autoscaler never scales down"),
                  "remove the metrics that nobody serves",
                  "any metric in error: only scale-up is allowed");
  }
}

void RunVertical(const Context& context, Reporter& reporter) {
  for (const model::VerticalAutoscaler& vertical : context.deployment.vertical_autoscalers()) {
    if (vertical.update_mode() == "Off") continue;
    const Autoscaler* autoscaler = context.AutoscalerOf(vertical.target_name());
    if (autoscaler == nullptr || autoscaler->target_kind() != vertical.target_kind()) continue;
    std::vector<std::string> both;
    for (const MetricTarget& metric : autoscaler->metrics()) {
      const auto& set = vertical.resources();
      if (IsResource(metric) && std::find(set.begin(), set.end(), metric.name()) != set.end() &&
          std::find(both.begin(), both.end(), metric.name()) == both.end()) {
        both.push_back(metric.name());
      }
    }
    if (both.empty()) continue;
    reporter.Find(At(context.deployment, absl::StrCat("vertical_autoscalers.", vertical.name())),
                  absl::StrCat("VPA (", vertical.update_mode(), ") and HPA ", autoscaler->name(),
                               " both act on ", absl::StrJoin(both, " and "), " of ",
                               vertical.target_kind(), "/", vertical.target_name()),
                  "set updateMode: \"Off\" (recommend only), or leave the resource to one of them");
  }
}

void RunVerticalTarget(const Context& context, Reporter& reporter) {
  if (!TargetsExist(context)) return;
  for (const model::VerticalAutoscaler& vertical : context.deployment.vertical_autoscalers()) {
    const model::Workload* workload = context.Workload(vertical.target_name());
    if (workload != nullptr && workload->kind() == vertical.target_kind()) continue;
    reporter.Find(At(context.deployment, absl::StrCat("vertical_autoscalers.", vertical.name())),
                  absl::StrCat("targets ", vertical.target_kind(), "/", vertical.target_name(),
                               ", which is not among the manifests"),
                  "name an existing workload, or delete the VPA");
  }
}

void RunRequests(const Context& context, Reporter& reporter) {
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    const model::Workload* workload = context.Workload(autoscaler.target_name());
    if (workload == nullptr) continue;
    for (const MetricTarget& metric : autoscaler.metrics()) {
      if (!IsResource(metric) || metric.target_type() != "Utilization") continue;
      const bool given = metric.name() == "memory" ? workload->request_memory_bytes() > 0
                                                   : workload->request_millicores() > 0;
      if (given) continue;
      reporter.Find(
          At(context.deployment, absl::StrCat("workloads.", workload->name())),
          absl::StrCat("HPA ", autoscaler.name(), " scales on ", metric.name(),
                       " utilization, but a container has no ", metric.name(),
                       " request: the metric is invalid"),
          absl::StrCat("set resources.requests.", metric.name(), " on every container of the pod"));
    }
  }
}

void RunReplicas(const Context& context, Reporter& reporter) {
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (!workload.replicas_given() || context.AutoscalerOf(workload) == nullptr) continue;
    reporter.Find(At(context.deployment, absl::StrCat("workloads.", workload.name(), ".replicas")),
                  absl::StrCat("spec.replicas (", workload.replicas(),
                               ") beside an HPA: every apply resets the count"),
                  "remove spec.replicas from the workload");
  }
}

void RunBounds(const Context& context, Reporter& reporter) {
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    if (autoscaler.min_replicas() < autoscaler.max_replicas()) continue;
    reporter.Find(At(context.deployment, Path(autoscaler, "max_replicas")),
                  "minReplicas is not below maxReplicas: nothing is scaled",
                  "raise maxReplicas, or delete the HPA and set spec.replicas",
                  absl::StrCat(autoscaler.min_replicas(), " >= ", autoscaler.max_replicas()));
  }
}

void RunDuplicate(const Context& context, Reporter& reporter) {
  std::map<std::string, std::string> seen;
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    const std::string target =
        absl::StrCat(autoscaler.target_kind(), "/", autoscaler.target_name());
    const auto [at, added] = seen.emplace(target, autoscaler.name());
    if (added) continue;
    reporter.Find(At(context.deployment, Path(autoscaler, "target_name")),
                  absl::StrCat("HPA ", at->second, " already scales ", target,
                               ": both refuse to act (AmbiguousSelector)"),
                  "keep one HPA and give it all metrics");
  }
}

void RunFixedTarget(const Context& context, Reporter& reporter) {
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    for (const MetricTarget& metric : autoscaler.metrics()) {
      if (metric.type() != "Pods" || metric.target_milli() <= 0) continue;
      const double target = static_cast<double>(metric.target_milli()) / 1000.0;
      reporter.Find(
          At(context.deployment, Path(autoscaler, absl::StrCat("metrics.", metric.name()))),
          "a fixed target per pod decides the number of pods however fast a pod is",
          "derive the target from 60-70 % of a pod's measured capacity, or scale on CPU",
          absl::StrCat(autoscaler.max_replicas(), " pods x ", target, " = ",
                       autoscaler.max_replicas() * target, " at most"));
    }
  }
}

void RunNoDownWindow(const Context& context, Reporter& reporter) {
  for (const Autoscaler& autoscaler : context.deployment.autoscalers()) {
    const model::ScalingRules& down = autoscaler.scale_down();
    if (!down.has_stabilization_window() || down.stabilization_window_seconds() >= 60) continue;
    reporter.Find(At(context.deployment, Path(autoscaler, "scale_down")),
                  "the scale-down window is shorter than the metrics' lag: replicas will flap",
                  "use at least 60 s (the default is 300 s)",
                  absl::StrCat(down.stabilization_window_seconds(), " s < 60 s"));
  }
}

}  // namespace

Rules AutoscalingRules() {
  using model::Finding;
  return {
      {"hpa-target-missing", Finding::ERROR, false, "an HPA scales a workload that exists",
       RunTarget},
      {"hpa-metric-not-exported", Finding::ERROR, false,
       "Pods, Object and External metrics need an adapter that serves them", RunMetric},
      {"hpa-scale-down-blocked", Finding::WARNING, false, "a metric in error forbids scaling down",
       RunBlocked},
      {"hpa-vpa-conflict", Finding::ERROR, false,
       "HPA and VPA must not act on one resource of one workload", RunVertical},
      {"vpa-target-missing", Finding::WARNING, false, "a VPA targets a workload that exists",
       RunVerticalTarget},
      {"hpa-without-request", Finding::ERROR, false,
       "utilization needs a request on every container", RunRequests},
      {"replicas-beside-hpa", Finding::WARNING, false,
       "spec.replicas beside an HPA resets the count at each apply", RunReplicas},
      {"hpa-bounds", Finding::WARNING, false, "minReplicas is below maxReplicas", RunBounds},
      {"hpa-duplicate-target", Finding::ERROR, false, "one HPA per workload", RunDuplicate},
      {"hpa-fixed-target", Finding::NOTE, false, "a fixed figure per pod forces the number of pods",
       RunFixedTarget},
      {"hpa-flapping", Finding::WARNING, false,
       "the scale-down window is longer than the metrics' lag", RunNoDownWindow},
  };
}

}  // namespace simulator::check
