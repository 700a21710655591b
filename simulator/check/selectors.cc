#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Labels;
using model::kubernetes::LabelsMatch;
using model::kubernetes::Node;
using model::kubernetes::Object;
using model::kubernetes::Pod;
using model::kubernetes::ReadLabels;
using model::kubernetes::SelectorMatches;
using model::kubernetes::SelectorText;

std::vector<const Pod*> PodsOf(const Context& context, const Object& service) {
  std::vector<const Pod*> pods;
  const Labels wanted = ReadLabels(service["spec.selector"]);
  if (wanted.empty()) return pods;
  for (const Pod& pod : context.pods) {
    if (SameNamespace(*pod.owner, service) && LabelsMatch(wanted, pod.labels)) pods.push_back(&pod);
  }
  return pods;
}

void RunService(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Service" || context.pods.empty()) continue;
    const Node& selector = object["spec.selector"];
    if (!selector.IsMap() || selector.entries.empty() || !PodsOf(context, object).empty()) continue;
    reporter.Find(At(object, "spec.selector", selector),
                  absl::StrCat("selects no pod (", SelectorText(selector), ")"),
                  "make the selector match the pods' labels");
  }
}

// Named and numbered ports of a pod's containers.
struct Ports {
  std::set<std::string> names;
  std::set<long> numbers;
};

Ports PortsOf(const Pod& pod) {
  Ports ports;
  for (const Node* container : model::kubernetes::LongRunningContainers(pod)) {
    for (const Node& port : (*container)["ports"].items) {
      ports.numbers.insert(port["containerPort"].Integer(0));
      if (port["name"].IsScalar()) ports.names.insert(port["name"].text);
    }
  }
  return ports;
}

void RunPort(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Service") continue;
    for (const Pod* pod : PodsOf(context, object)) {
      const Ports ports = PortsOf(*pod);
      if (ports.numbers.empty()) continue;  // declaring ports is optional
      for (const Node& port : object["spec.ports"].items) {
        const Node& target = port.Has("targetPort") ? port["targetPort"] : port["port"];
        const long number = target.Integer(-1);
        const bool found =
            number >= 0 ? ports.numbers.count(number) > 0 : ports.names.count(target.Text()) > 0;
        if (found) continue;
        model::Finding& finding =
            reporter.Find(At(object, "spec.ports.targetPort", target),
                          absl::StrCat("sends to port ", target.Text(), ", which ",
                                       pod->owner->Id(), " does not open"),
                          "use a containerPort of the pod");
        // Listing ports is optional: an unlisted number is suspicious, an unlisted name is wrong.
        if (number >= 0) finding.set_severity(model::Finding::WARNING);
      }
    }
  }
}

void RunMonitor(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "ServiceMonitor") continue;
    const Object* matched = nullptr;
    for (const Object& service : context.manifests.objects) {
      if (service.kind == "Service" && SelectorMatches(object["spec.selector"], service.labels)) {
        matched = &service;
      }
    }
    if (matched == nullptr) {
      reporter.Find(At(object, "spec.selector"), "selects no Service: nothing is scraped",
                    "match the labels of the Service itself (not of its pods)");
      continue;
    }
    for (const Node& endpoint : object["spec.endpoints"].items) {
      const Node& name = endpoint["port"];
      if (!name.IsScalar()) continue;
      bool found = false;
      for (const Node& port : (*matched)["spec.ports"].items) {
        found = found || port["name"].Text() == name.text;
      }
      if (found) continue;
      reporter.Find(At(object, "spec.endpoints.port", name),
                    absl::StrCat(matched->Id(), " has no port named ", name.text),
                    "name the Service's port");
    }
  }
}

void RunWorkload(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    const Node& selector = (*pod.owner)["spec.selector"];
    if (!selector.IsMap() || pod.owner->kind == "Job" || pod.owner->kind == "CronJob" ||
        pod.owner->kind == "ReplicationController") {
      continue;
    }
    if (SelectorMatches(selector, pod.labels)) continue;
    reporter.Find(At(*pod.owner, "spec.selector", selector),
                  "does not select its own pod template: the API server refuses it",
                  "give the template's labels what the selector asks for");
  }
}

void RunBackend(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress") continue;
    for (const Node& rule : object["spec.rules"].items) {
      for (const Node& path : rule.At("http.paths").items) {
        const Node& service = path.At("backend.service.name");
        if (!service.IsScalar()) continue;
        const Object* found = context.manifests.Find("Service", service.text, &object);
        if (found == nullptr) {
          reporter.Find(
              At(object, "spec.rules.http.paths.backend", service),
              absl::StrCat("sends to Service ", service.text, ", which is not among the manifests"),
              "name an existing Service");
          continue;
        }
        const Node& port = path.At("backend.service.port");
        const std::string wanted = port["name"].Text(port["number"].Text());
        bool matches = wanted.empty();
        for (const Node& offered : (*found)["spec.ports"].items) {
          matches = matches || offered["name"].Text() == wanted || offered["port"].Text() == wanted;
        }
        if (matches) continue;
        reporter.Find(At(object, "spec.rules.http.paths.backend", port),
                      absl::StrCat(found->Id(), " has no port ", wanted), "use a port it offers");
      }
    }
  }
}

void RunHeadless(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "StatefulSet") continue;
    const Node& name = object["spec.serviceName"];
    if (!name.IsScalar() || context.manifests.Find("Service", name.text, &object) != nullptr) {
      continue;
    }
    reporter.Find(At(object, "spec.serviceName", name),
                  absl::StrCat("serviceName ", name.text,
                               " is no Service here: its pods get no names of their own"),
                  "add a headless Service (clusterIP: None) of that name");
  }
}

}  // namespace

Rules SelectorRules() {
  using model::Finding;
  return {
      {"service-selects-nothing", Finding::ERROR, true, "a Service selects pods", RunService},
      {"service-port-mismatch", Finding::ERROR, true, "a Service sends to ports that pods open",
       RunPort},
      {"service-monitor-selects-nothing", Finding::WARNING, true,
       "a ServiceMonitor selects a Service and a port of it", RunMonitor},
      {"workload-selector-mismatch", Finding::ERROR, true,
       "a workload selects its own pod template", RunWorkload},
      {"ingress-backend-missing", Finding::ERROR, true,
       "an Ingress sends to a Service and port that exist", RunBackend},
      {"statefulset-service-missing", Finding::WARNING, true,
       "a StatefulSet's serviceName is a Service", RunHeadless},
  };
}

}  // namespace simulator::check
