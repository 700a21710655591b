#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Node;
using model::kubernetes::Object;
using model::kubernetes::Pod;

// A container's setting, or the pod's where the container has none.
const Node& Setting(const Pod& pod, const Node& container, const char* name) {
  const Node& own = container["securityContext"][name];
  return own.IsNull() ? (*pod.spec)["securityContext"][name] : own;
}

template <typename Function>
void ForContainers(const Context& context, Function function) {
  for (const Pod& pod : context.pods) {
    for (const Node* container : model::kubernetes::AllContainers(pod)) {
      function(pod, *container,
               absl::StrCat(pod.spec_path, ".containers[", (*container)["name"].Text(), "]"));
    }
  }
}

void RunRoot(const Context& context, Reporter& reporter) {
  ForContainers(context, [&](const Pod& pod, const Node& container, const std::string& field) {
    if (Setting(pod, container, "runAsNonRoot").IsTrue() ||
        Setting(pod, container, "runAsUser").Integer(0) > 0) {
      return;
    }
    reporter.Find(At(*pod.owner, field + ".securityContext.runAsNonRoot", container),
                  "may run as root", "runAsNonRoot: true and a runAsUser");
  });
}

void RunWritable(const Context& context, Reporter& reporter) {
  ForContainers(context, [&](const Pod& pod, const Node& container, const std::string& field) {
    if (container.At("securityContext.readOnlyRootFilesystem").IsTrue()) return;
    reporter.Find(At(*pod.owner, field + ".securityContext.readOnlyRootFilesystem", container),
                  "its root file system is writable",
                  "readOnlyRootFilesystem: true, with an emptyDir for what must be written");
  });
}

void RunPrivileged(const Context& context, Reporter& reporter) {
  ForContainers(context, [&](const Pod& pod, const Node& container, const std::string& field) {
    const Node& security = container["securityContext"];
    if (!security["privileged"].IsTrue()) return;
    reporter.Find(At(*pod.owner, field + ".securityContext.privileged", security["privileged"]),
                  "is privileged: it owns the node", "remove privileged");
  });
}

void RunLatest(const Context& context, Reporter& reporter) {
  ForContainers(context, [&](const Pod& pod, const Node& container, const std::string& field) {
    const Node& image = container["image"];
    const std::string text = image.Text();
    if (text.empty() || absl::StrContains(text, "@sha256:")) return;
    const size_t slash = text.rfind('/');
    const size_t colon = text.rfind(':');
    const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
    if (tagged && text.substr(colon + 1) != "latest") return;
    reporter.Find(At(*pod.owner, field + ".image", image),
                  absl::StrCat("image ", text, " names no version: what runs changes by itself"),
                  "a version tag or a digest");
  });
}

bool IsRole(const Object& object) { return object.kind == "Role" || object.kind == "ClusterRole"; }

void RunMisplaced(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    const Node& rules = object["spec.rules"];
    if (!IsRole(object) || rules.IsNull()) continue;
    reporter.Find(At(object, "spec.rules", rules),
                  "rules stand under spec, which a Role does not have: refused, or an empty role",
                  "move rules to the top level");
  }
}

bool HasStar(const Node& list) {
  for (const Node& item : list.items) {
    if (item.text == "*") return true;
  }
  return false;
}

void RunWildcard(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (!IsRole(object)) continue;
    for (const Node& rule : object["rules"].items) {
      if (!HasStar(rule["verbs"]) || !HasStar(rule["resources"])) continue;
      reporter.Find(At(object, "rules", rule), "grants every verb on every resource",
                    "name the verbs and resources that are needed");
    }
  }
}

void RunBinding(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "RoleBinding" && object.kind != "ClusterRoleBinding") continue;
    const Node& role = object["roleRef.name"];
    const std::string kind = object["roleRef.kind"].Text();
    if (kind != "Role" || context.manifests.Find("Role", role.Text(), &object) != nullptr) continue;
    reporter.Find(At(object, "roleRef.name", role),
                  absl::StrCat("binds Role ", role.Text(), ", which is not among the manifests"),
                  "name an existing Role");
  }
}

// Without any among the manifests they are probably made elsewhere.
bool HasAccounts(const Context& context) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind == "ServiceAccount") return true;
  }
  return false;
}

void RunAccount(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    const Node& name = (*pod.spec)["serviceAccountName"];
    if (!name.IsScalar() || name.text == "default" ||
        context.manifests.Find("ServiceAccount", name.text, pod.owner) != nullptr) {
      continue;
    }
    model::Finding& finding =
        reporter.Find(At(*pod.owner, pod.spec_path + ".serviceAccountName", name),
                      absl::StrCat("runs as ServiceAccount ", name.text,
                                   ", which is not among the manifests: no pod is created"),
                      "add the ServiceAccount");
    if (!HasAccounts(context)) finding.set_severity(model::Finding::WARNING);
  }
}

void RunUnusedAccount(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "ServiceAccount" || object.name == "default" || context.pods.empty())
      continue;
    bool used = false;
    for (const Pod& pod : context.pods) {
      used = used || (SameNamespace(*pod.owner, object) &&
                      (*pod.spec)["serviceAccountName"].Text() == object.name);
    }
    if (used) continue;
    reporter.Find(At(object),
                  "no pod runs as this ServiceAccount: what it is granted protects nothing",
                  "name it in serviceAccountName of its pods, or delete it");
  }
}

void RunToken(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    if (model::kubernetes::RoleOf(pod, context.manifests) != "api") continue;
    const Node& mount = (*pod.spec)["automountServiceAccountToken"];
    if (mount.Text() == "false") continue;
    const Object* account = context.manifests.Find(
        "ServiceAccount", (*pod.spec)["serviceAccountName"].Text("default"), pod.owner);
    const bool account_refuses =
        account != nullptr && (*account)["automountServiceAccountToken"].Text() == "false";
    if (account_refuses && !mount.IsTrue()) continue;
    reporter.Find(At(*pod.owner, pod.spec_path + ".automountServiceAccountToken"),
                  "carries a token of the Kubernetes API, which a web service needs not",
                  "automountServiceAccountToken: false");
  }
}

}  // namespace

Rules SecurityRules() {
  using model::Finding;
  return {
      {"run-as-root", Finding::WARNING, true, "containers do not run as root", RunRoot},
      {"writable-root-filesystem", Finding::NOTE, true, "containers' file systems are read-only",
       RunWritable},
      {"privileged-container", Finding::ERROR, true, "no container is privileged", RunPrivileged},
      {"image-without-version", Finding::WARNING, true, "images name a version", RunLatest},
      {"role-rules-misplaced", Finding::ERROR, true, "a Role's rules stand at its top level",
       RunMisplaced},
      {"rbac-wildcard", Finding::WARNING, true, "no role grants everything", RunWildcard},
      {"role-binding-target-missing", Finding::ERROR, true,
       "a RoleBinding names a Role that exists", RunBinding},
      {"service-account-missing", Finding::ERROR, true, "a pod's ServiceAccount exists",
       RunAccount},
      {"service-account-unused", Finding::NOTE, true, "a ServiceAccount is used by a pod",
       RunUnusedAccount},
      {"token-mounted", Finding::NOTE, true, "web services carry no Kubernetes token", RunToken},
  };
}

}  // namespace simulator::check
