#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/deployment.pb.h"
#include "model/kubernetes/manifests.h"
#include "model/kubernetes/pod_reading.h"
#include "model/verdict.pb.h"

// How a rule of `simulator check` is written.
//
// A rule looks at the Deployment (figures, the same for manifests and for hand-written documents)
// or at the objects as written (manifests only), and reports what it finds through a Reporter. It
// never changes anything and never fails: what it cannot read, it does not judge. Each family of
// rules is one source file with one function that returns its rules; registry.cc joins them.

namespace simulator::check {

// What rules look at. The references must outlive it.
struct Context {
  const model::Deployment& deployment;
  const model::kubernetes::Manifests& manifests;
  std::vector<model::kubernetes::Pod> pods;  // of every workload among the objects

  Context(const model::Deployment& deployment, const model::kubernetes::Manifests& manifests);

  const model::Workload* Workload(const std::string& name) const;
  // The autoscaler that sets the workload's replicas; null when none does.
  const model::Autoscaler* AutoscalerOf(const std::string& workload) const;
  const model::Autoscaler* AutoscalerOf(const model::Workload& workload) const {
    return AutoscalerOf(workload.name());
  }
  // Replicas at most and at least: the autoscaler's bounds, else spec.replicas.
  uint32_t MaxPods(const model::Workload& workload) const;
  uint32_t MinPods(const model::Workload& workload) const;
  // The workload that answers the users: the largest of role api; null when there is none.
  const model::Workload* Api() const;
};

class Reporter;

struct Rule {
  std::string id;  // kebab-case, stable: claims and CI name it
  model::Finding::Severity severity;
  bool needs_objects;  // cannot be judged from a hand-written Deployment
  std::string what;    // one line for the table of rules
  // Empty: nothing in manifests can show it; the rule runs only where a deployment states the
  // defect.
  std::function<void(const Context&, Reporter&)> run;
};

// Where a finding points.
struct Place {
  std::string file;
  int line = 0;
  std::string object;
  std::string field;
};

// The place of a Deployment's field: its origin, or that of the nearest enclosing path.
Place At(const model::Deployment& deployment, std::string path);
// The place of a node inside an object; the object's own line when the node is not there.
Place At(const model::kubernetes::Object& object, const std::string& field,
         const model::kubernetes::Node& node);
Place At(const model::kubernetes::Object& object, const std::string& field = "");

// Collects findings and facts of one rule.
class Reporter {
 public:
  Reporter(const Rule& rule, model::CheckReport* report) : rule_(rule), report_(report) {}

  // `change` says what to do; `arithmetic` shows the figures, when there are any.
  model::Finding& Find(const Place& place, const std::string& message, const std::string& change,
                       const std::string& arithmetic = "");
  // A figure that was worked out, whether or not it is a finding. A name is given once per object.
  void AddFact(const std::string& name, double value, const std::string& unit,
               const std::string& arithmetic = "", const std::string& object = "");

 private:
  const Rule& rule_;
  model::CheckReport* const report_;
};

using Rules = std::vector<Rule>;

// The families.
Rules FactRules();  // no findings: figures that claims are decided by
Rules ConnectionRules();
Rules AutoscalingRules();
Rules ScalingTimeRules();
Rules DisruptionRules();
Rules DatabaseRules();
Rules RedisRules();
Rules ConfigurationRules();
Rules SelectorRules();
Rules NetworkRules();
Rules IngressRules();
Rules ResourceRules();
Rules HeapRules();
Rules LoginRules();
Rules ProbeRules();
Rules SecurityRules();
Rules ObjectRules();
Rules ApplicationRules();  // stated defects of the program itself

// All of them, in the order of the report.
const Rules& AllRules();

}  // namespace simulator::check
