#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "simulator/check/ingress_annotations.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Entry;
using model::kubernetes::Node;
using model::kubernetes::Object;

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

}  // namespace

Rules IngressRules() {
  using model::Finding;
  return {
      {"ingress-unknown-annotation", Finding::WARNING, true,
       "ingress-nginx knows every annotation under its name", RunAnnotation},
      {"ingress-without-tls", Finding::WARNING, true, "an Ingress serves TLS", RunTls},
      {"ingress-open-cors", Finding::WARNING, true, "CORS names its origins", RunCors},
  };
}

}  // namespace simulator::check
