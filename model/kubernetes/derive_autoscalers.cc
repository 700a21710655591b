#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/kubernetes/derive.h"
#include "model/kubernetes/quantity.h"

namespace model::kubernetes {
namespace {

void FillTarget(const Node& target, MetricTarget* metric) {
  metric->set_target_type(target["type"].Text());
  if (target.Has("averageUtilization")) {
    metric->set_target_type("Utilization");
    metric->set_target_milli(target["averageUtilization"].Integer(0));
    return;
  }
  const bool average = target.Has("averageValue");
  if (metric->target_type().empty()) metric->set_target_type(average ? "AverageValue" : "Value");
  const absl::StatusOr<int64_t> quantity =
      ParseQuantityMilli(target[average ? "averageValue" : "value"].Text());
  if (quantity.ok()) metric->set_target_milli(*quantity);
}

// One entry of spec.metrics: its type names the key that holds the rest.
void FillMetric(const Node& node, MetricTarget* metric) {
  metric->set_type(node["type"].Text());
  for (const char* key : {"resource", "containerResource", "pods", "object", "external"}) {
    const Node& source = node[key];
    if (!source.IsMap()) continue;
    metric->set_name(source["name"].Text(source.At("metric.name").Text()));
    metric->set_container(source["container"].Text());
    FillTarget(source["target"], metric);
    return;
  }
}

void FillRules(const Node& node, ScalingRules* rules) {
  if (!node.IsMap()) return;
  rules->set_present(true);
  const Node& window = node["stabilizationWindowSeconds"];
  rules->set_has_stabilization_window(window.IsScalar());
  rules->set_stabilization_window_seconds(static_cast<int32_t>(window.Integer(0)));
  rules->set_select_policy(node["selectPolicy"].Text());
  for (const Node& policy : node["policies"].items) {
    ScalingPolicy* added = rules->add_policies();
    added->set_type(policy["type"].Text());
    added->set_value(static_cast<int32_t>(policy["value"].Integer(0)));
    added->set_period_seconds(static_cast<int32_t>(policy["periodSeconds"].Integer(0)));
  }
  const absl::StatusOr<int64_t> tolerance = ParseQuantityMilli(node["tolerance"].Text());
  if (tolerance.ok()) {
    rules->set_has_tolerance(true);
    rules->set_tolerance(static_cast<double>(*tolerance) / 1000.0);
  }
}

void DeriveAutoscaler(const Object& object, Deployment* deployment) {
  const std::string path = absl::StrCat("autoscalers.", object.name);
  auto note = [&](const std::string& name, const std::string& field) {
    const Node& node = object[field];
    if (node.line != 0) SetOrigin(deployment, path + "." + name, object, field, node.line);
  };
  Autoscaler* autoscaler = deployment->add_autoscalers();
  SetOrigin(deployment, path, object, "", object.line);
  autoscaler->set_name(object.name);
  autoscaler->set_target_kind(object["spec.scaleTargetRef.kind"].Text());
  autoscaler->set_target_name(object["spec.scaleTargetRef.name"].Text());
  note("target_name", "spec.scaleTargetRef.name");
  const Node& min = object["spec.minReplicas"];
  autoscaler->set_has_min_replicas(min.IsScalar());
  autoscaler->set_min_replicas(static_cast<uint32_t>(std::max<long>(min.Integer(1), 0)));
  note("min_replicas", "spec.minReplicas");
  autoscaler->set_max_replicas(
      static_cast<uint32_t>(std::max<long>(object["spec.maxReplicas"].Integer(0), 0)));
  note("max_replicas", "spec.maxReplicas");
  for (const Node& node : object["spec.metrics"].items) {
    MetricTarget* metric = autoscaler->add_metrics();
    FillMetric(node, metric);
    SetOrigin(deployment, absl::StrCat(path, ".metrics.", metric->name()), object, "spec.metrics",
              node.line);
  }
  const Node& v1_target = object["spec.targetCPUUtilizationPercentage"];
  if (autoscaler->metrics_size() == 0) {  // autoscaling/v1, or the default of v2
    MetricTarget* metric = autoscaler->add_metrics();
    metric->set_type("Resource");
    metric->set_name("cpu");
    metric->set_target_type("Utilization");
    metric->set_target_milli(v1_target.Integer(80));
  }
  const Node& behavior = object["spec.behavior"];
  autoscaler->set_has_behavior(behavior.IsMap());
  FillRules(behavior["scaleUp"], autoscaler->mutable_scale_up());
  FillRules(behavior["scaleDown"], autoscaler->mutable_scale_down());
  note("scale_up", "spec.behavior.scaleUp");
  note("scale_down", "spec.behavior.scaleDown");
}

void DeriveVertical(const Object& object, Deployment* deployment) {
  VerticalAutoscaler* vertical = deployment->add_vertical_autoscalers();
  vertical->set_name(object.name);
  vertical->set_target_kind(object["spec.targetRef.kind"].Text());
  vertical->set_target_name(object["spec.targetRef.name"].Text());
  vertical->set_update_mode(object["spec.updatePolicy.updateMode"].Text("Auto"));
  bool named = false;
  for (const Node& policy : object["spec.resourcePolicy.containerPolicies"].items) {
    for (const Node& resource : policy["controlledResources"].items) {
      vertical->add_resources(resource.text);
      named = true;
    }
  }
  if (!named) {
    vertical->add_resources("cpu");
    vertical->add_resources("memory");
  }
  SetOrigin(deployment, absl::StrCat("vertical_autoscalers.", object.name), object, "",
            object.line);
}

}  // namespace

void DeriveAutoscalers(const Manifests& manifests, Deployment* deployment) {
  for (const Object& object : manifests.objects) {
    if (object.kind == "HorizontalPodAutoscaler") DeriveAutoscaler(object, deployment);
    if (object.kind == "VerticalPodAutoscaler") DeriveVertical(object, deployment);
  }
}

}  // namespace model::kubernetes
