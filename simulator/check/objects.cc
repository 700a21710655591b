#include <map>

#include "absl/strings/str_cat.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Object;

void RunDuplicate(const Context& context, Reporter& reporter) {
  std::map<std::string, const Object*> seen;
  for (const Object& object : context.manifests.objects) {
    if (object.name.empty()) continue;
    const std::string group = object.api_version.substr(0, object.api_version.find('/'));
    const auto [at, added] =
        seen.emplace(absl::StrCat(group, "|", object.Id(), "|", object.ns), &object);
    if (added) continue;
    reporter.Find(At(object, "metadata.name", object["metadata.name"]),
                  absl::StrCat("is given twice (first in ", at->second->file, ":", at->second->line,
                               "): the later one wins, or the build fails"),
                  "keep one");
  }
}

struct Removed {
  const char* kind;
  const char* api_version;
  const char* now;
  const char* since;
};

constexpr Removed kRemoved[] = {
    {"Ingress", "extensions/v1beta1", "networking.k8s.io/v1", "1.22"},
    {"Ingress", "networking.k8s.io/v1beta1", "networking.k8s.io/v1", "1.22"},
    {"Deployment", "extensions/v1beta1", "apps/v1", "1.16"},
    {"Deployment", "apps/v1beta1", "apps/v1", "1.16"},
    {"Deployment", "apps/v1beta2", "apps/v1", "1.16"},
    {"StatefulSet", "apps/v1beta1", "apps/v1", "1.16"},
    {"StatefulSet", "apps/v1beta2", "apps/v1", "1.16"},
    {"CronJob", "batch/v1beta1", "batch/v1", "1.25"},
    {"PodDisruptionBudget", "policy/v1beta1", "policy/v1", "1.25"},
    {"HorizontalPodAutoscaler", "autoscaling/v2beta1", "autoscaling/v2", "1.25"},
    {"HorizontalPodAutoscaler", "autoscaling/v2beta2", "autoscaling/v2", "1.26"},
    {"NetworkPolicy", "extensions/v1beta1", "networking.k8s.io/v1", "1.16"},
    {"Role", "rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1", "1.22"},
};

void RunRemoved(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    for (const Removed& removed : kRemoved) {
      if (object.kind != removed.kind || object.api_version != removed.api_version) continue;
      reporter.Find(At(object, "apiVersion", object["apiVersion"]),
                    absl::StrCat(removed.api_version, " was removed in Kubernetes ", removed.since),
                    absl::StrCat("apiVersion: ", removed.now));
    }
  }
}

void RunName(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (!object.name.empty()) continue;
    reporter.Find(At(object, "metadata.name"), "has no name: the API server refuses it",
                  "give it metadata.name");
  }
}

}  // namespace

Rules ObjectRules() {
  using model::Finding;
  return {
      {"duplicate-object", Finding::ERROR, true, "every object is given once", RunDuplicate},
      {"api-version-removed", Finding::ERROR, true, "apiVersions still exist", RunRemoved},
      {"object-without-name", Finding::ERROR, true, "every object has a name", RunName},
  };
}

}  // namespace simulator::check
