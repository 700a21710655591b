#include "simulator/check/rule.h"

#include <algorithm>

namespace simulator::check {

using model::kubernetes::Node;
using model::kubernetes::Object;

Context::Context(const model::Deployment& deployment, const model::kubernetes::Manifests& manifests)
    : deployment(deployment), manifests(manifests) {
  for (const Object& object : manifests.objects) {
    std::optional<model::kubernetes::Pod> pod = model::kubernetes::PodOf(object);
    if (pod) pods.push_back(*std::move(pod));
  }
}

const model::Workload* Context::Workload(const std::string& name) const {
  for (const model::Workload& workload : deployment.workloads()) {
    if (workload.name() == name) return &workload;
  }
  return nullptr;
}

const model::Autoscaler* Context::AutoscalerOf(const std::string& workload) const {
  for (const model::Autoscaler& autoscaler : deployment.autoscalers()) {
    if (autoscaler.target_name() == workload) return &autoscaler;
  }
  return nullptr;
}

uint32_t Context::MaxPods(const model::Workload& workload) const {
  const model::Autoscaler* autoscaler = AutoscalerOf(workload);
  return autoscaler != nullptr ? autoscaler->max_replicas() : workload.replicas();
}

uint32_t Context::MinPods(const model::Workload& workload) const {
  const model::Autoscaler* autoscaler = AutoscalerOf(workload);
  return autoscaler != nullptr ? autoscaler->min_replicas() : workload.replicas();
}

const model::Workload* Context::Api() const {
  const model::Workload* api = nullptr;
  for (const model::Workload& workload : deployment.workloads()) {
    if (workload.role() != "api") continue;
    // The one that is scaled and uses the database is what users talk to.
    const auto weight = [&](const model::Workload& one) {
      return std::make_pair(one.uses_database(), MaxPods(one));
    };
    if (api == nullptr || weight(workload) > weight(*api)) api = &workload;
  }
  return api;
}

Place At(const model::Deployment& deployment, std::string path) {
  while (true) {
    const auto found = deployment.origins().find(path);
    if (found != deployment.origins().end()) {
      const model::Origin& origin = found->second;
      std::string field = origin.field().empty() ? path : origin.field();
      if (!origin.source().empty()) field += " (" + origin.source() + ")";
      return {origin.file(), static_cast<int>(origin.line()), origin.object(), field};
    }
    const size_t dot = path.rfind('.');
    if (dot == std::string::npos) return {"", 0, deployment.name(), path};
    path.resize(dot);
  }
}

Place At(const Object& object, const std::string& field, const Node& node) {
  return {object.file, node.line != 0 ? node.line : object.line, object.Id(), field};
}

Place At(const Object& object, const std::string& field) {
  return {object.file, object.line, object.Id(), field};
}

model::Finding& Reporter::Find(const Place& place, const std::string& message,
                               const std::string& change, const std::string& arithmetic) {
  model::Finding& finding = *report_->add_findings();
  finding.set_rule(rule_.id);
  finding.set_severity(rule_.severity);
  finding.set_file(place.file);
  finding.set_line(static_cast<uint32_t>(std::max(place.line, 0)));
  finding.set_object(place.object);
  finding.set_field(place.field);
  finding.set_message(message);
  finding.set_arithmetic(arithmetic);
  finding.set_change(change);
  return finding;
}

void Reporter::AddFact(const std::string& name, double value, const std::string& unit,
                       const std::string& arithmetic, const std::string& object) {
  for (const model::Fact& fact : report_->facts()) {
    if (fact.name() == name && fact.object() == object) return;
  }
  model::Fact& fact = *report_->add_facts();
  fact.set_name(name);
  fact.set_value(value);
  fact.set_unit(unit);
  fact.set_arithmetic(arithmetic);
  fact.set_object(object);
}

}  // namespace simulator::check
