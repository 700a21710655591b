#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/kubernetes/selector.h"
#include "simulator/check/ingress_annotations.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Entry;
using model::kubernetes::Node;
using model::kubernetes::Object;
using model::kubernetes::SameNamespace;
using model::kubernetes::SelectorMatches;

void RunAnnotation(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress") continue;
    for (const Entry& annotation : object["metadata.annotations"].entries) {
      if (!absl::StartsWith(annotation.key, kIngressNginxPrefix)) continue;
      const std::string name = annotation.key.substr(std::strlen(kIngressNginxPrefix));
      if (IsIngressNginxAnnotation(name)) continue;
      reporter.Find(
          At(object, absl::StrCat("metadata.annotations ", annotation.key), annotation.value),
          absl::StrCat("ingress-nginx has no annotation ", name, ": it is ignored"),
          absl::StrContains(name, "rate-limit") ? "limit-rps, limit-rpm or limit-connections"
                                                : "see ingress-nginx's list of annotations");
    }
  }
}

void RunTls(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress" || !object["spec.tls"].items.empty()) continue;
    reporter.Find(At(object, "spec.tls"), "serves without TLS",
                  "spec.tls with a certificate's Secret");
  }
}

void RunCors(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress") continue;
    const Node& origin =
        object["metadata.annotations"][absl::StrCat(kIngressNginxPrefix, "cors-allow-origin")];
    if (origin.Text() != "*") continue;
    reporter.Find(At(object, "metadata.annotations cors-allow-origin", origin),
                  "any web page may call this API from a visitor's browser",
                  "name the front end's origins");
  }
}

// The monitor that scrapes `port` of the Service; null when none does.
const Object* MonitorOf(const Context& context, const Object& service, const Node& port) {
  for (const Object& monitor : context.manifests.objects) {
    if (monitor.kind != "ServiceMonitor" || !SameNamespace(monitor, service) ||
        !SelectorMatches(monitor["spec.selector"], service.labels)) {
      continue;
    }
    for (const Node& endpoint : monitor["spec.endpoints"].items) {
      if (endpoint["port"].Text() == port["name"].Text()) return &monitor;
    }
  }
  return nullptr;
}

// What Prometheus reads is for Prometheus: figures of use, names of operations, versions.
void RunMetrics(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress") continue;
    for (const Node& rule : object["spec.rules"].items) {
      for (const Node& path : rule.At("http.paths").items) {
        if (path["path"].Text("/") != "/" || path["pathType"].Text() == "Exact") continue;
        const Node& backend = path.At("backend.service");
        const Object* service = context.manifests.Find("Service", backend["name"].Text(), &object);
        if (service == nullptr) continue;
        for (const Node& port : (*service)["spec.ports"].items) {
          const Node& wanted = backend["port"];
          if (wanted["name"].Text() != port["name"].Text("-") &&
              wanted["number"].Text() != port["port"].Text("-")) {
            continue;
          }
          const Object* monitor = MonitorOf(context, *service, port);
          if (monitor == nullptr) continue;
          reporter.Find(
              At(object, "spec.rules.http.paths.path", path["path"]),
              absl::StrCat("sends every path to ", service->Id(), ", also the metrics that ",
                           monitor->Id(), " scrapes: anybody may read them"),
              "only the API's paths, or metrics on a port of their own");
        }
      }
    }
  }
}

}  // namespace

Rules IngressRules() {
  using model::Finding;
  return {
      {"ingress-unknown-annotation", Finding::WARNING, true,
       "ingress-nginx knows every annotation under its name", RunAnnotation},
      {"ingress-without-tls", Finding::WARNING, true, "an Ingress serves TLS", RunTls},
      {"ingress-open-metrics", Finding::WARNING, true,
       "an Ingress does not publish what Prometheus scrapes", RunMetrics},
      {"ingress-open-cors", Finding::WARNING, true, "CORS names its origins", RunCors},
  };
}

}  // namespace simulator::check
