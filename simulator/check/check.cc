#include "simulator/check/check.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_split.h"
#include "simulator/check/availability_facts.h"
#include "simulator/check/rule.h"

namespace simulator {
namespace {

// Kinds some rule looks at; others are listed as ignored.
bool IsKnownKind(const std::string& kind) {
  static const std::set<std::string>* const kKnown =
      new std::set<std::string>{"APIService",
                                "Cluster",
                                "ClusterRole",
                                "ClusterRoleBinding",
                                "ConfigMap",
                                "CronJob",
                                "DaemonSet",
                                "Deployment",
                                "HTTPRoute",
                                "HorizontalPodAutoscaler",
                                "Ingress",
                                "Job",
                                "Namespace",
                                "NetworkPolicy",
                                "Node",
                                "PersistentVolumeClaim",
                                "Pod",
                                "PodDisruptionBudget",
                                "PodMonitor",
                                "PrometheusRule",
                                "ReplicaSet",
                                "ReplicationController",
                                "Role",
                                "RoleBinding",
                                "Rollout",
                                "Secret",
                                "Service",
                                "ServiceAccount",
                                "ServiceMonitor",
                                "StatefulSet",
                                "VerticalPodAutoscaler",
                                "ExternalSecret",
                                "SealedSecret"};
  return kKnown->count(kind) > 0;
}

// Mistakes a person found in files that are not here, as findings of the rule they fall under.
void AddStatedDefects(const model::Deployment& deployment, const check::Rule& rule,
                      model::CheckReport* report) {
  check::Reporter reporter(rule, report);
  for (int i = 0; i < deployment.stated_defects_size(); ++i) {
    const model::StatedDefect& defect = deployment.stated_defects(i);
    if (defect.rule() != rule.id) continue;
    check::Place place = check::At(deployment, "stated_defects." + std::to_string(i) + ".text");
    place.object = defect.object();
    place.field = "";
    reporter.Find(place, defect.text(), "correct it in the files it was found in");
  }
}

// `simulator.praxis/allow: rule, rule` on an object: the finding stays, as a note.
void ApplyAllowances(const model::kubernetes::Manifests& manifests, model::CheckReport* report) {
  std::set<std::tuple<std::string, std::string, std::string>> allowed;  // file, object, rule
  for (const model::kubernetes::Object& object : manifests.objects) {
    const std::string text = object["metadata.annotations"]["simulator.praxis/allow"].Text();
    for (absl::string_view rule : absl::StrSplit(text, absl::ByAnyChar(", "), absl::SkipEmpty())) {
      allowed.emplace(object.file, object.Id(), std::string(rule));
    }
  }
  for (model::Finding& finding : *report->mutable_findings()) {
    if (allowed.count({finding.file(), finding.object(), finding.rule()}) == 0) continue;
    finding.set_severity(model::Finding::NOTE);
    finding.set_message(finding.message() + " (allowed by annotation)");
  }
}

bool HasStatedDefect(const model::Deployment& deployment, const std::string& rule) {
  return std::any_of(deployment.stated_defects().begin(), deployment.stated_defects().end(),
                     [&](const model::StatedDefect& defect) { return defect.rule() == rule; });
}

}  // namespace

model::CheckReport Check(const model::kubernetes::Loaded& input) {
  model::CheckReport report;
  report.set_deployment(input.deployment.name());
  const check::Context context(input.deployment, input.manifests);
  const bool has_objects = !input.manifests.objects.empty();
  for (const check::Rule& rule : check::AllRules()) {
    const bool stated = HasStatedDefect(input.deployment, rule.id);
    if (!stated && (!rule.run || (rule.needs_objects && !has_objects))) continue;
    report.add_rules_run(rule.id);
    check::Reporter reporter(rule, &report);
    if (rule.run) rule.run(context, reporter);
    AddStatedDefects(input.deployment, rule, &report);
  }
  check::AddAvailabilityFacts(input.deployment, &report);
  for (const model::kubernetes::Object& object : input.manifests.objects) {
    if (!IsKnownKind(object.kind)) report.add_ignored_objects(object.Id());
  }
  ApplyAllowances(input.manifests, &report);
  std::stable_sort(report.mutable_findings()->begin(), report.mutable_findings()->end(),
                   [](const model::Finding& a, const model::Finding& b) {
                     return std::make_tuple(a.severity(), a.file(), a.line()) <
                            std::make_tuple(b.severity(), b.file(), b.line());
                   });
  return report;
}

size_t CountObjects(const model::kubernetes::Loaded& input) {
  if (!input.manifests.objects.empty()) return input.manifests.objects.size();
  const model::Deployment& deployment = input.deployment;
  return static_cast<size_t>(deployment.workloads_size() + deployment.autoscalers_size() +
                             deployment.vertical_autoscalers_size() +
                             deployment.disruption_budgets_size() + deployment.services_size() +
                             deployment.redis_size());
}

FindingCounts Count(const model::CheckReport& report) {
  FindingCounts counts;
  for (const model::Finding& finding : report.findings()) {
    if (finding.severity() == model::Finding::ERROR) ++counts.errors;
    if (finding.severity() == model::Finding::WARNING) ++counts.warnings;
    if (finding.severity() == model::Finding::NOTE) ++counts.notes;
  }
  return counts;
}

}  // namespace simulator
