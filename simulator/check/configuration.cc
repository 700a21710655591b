#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Entry;
using model::kubernetes::Node;
using model::kubernetes::Object;
using model::kubernetes::Pod;

// One reference of a pod to a ConfigMap or Secret.
struct Reference {
  std::string kind;
  std::string name;
  std::string key;  // "" when the whole object is taken
  bool optional = false;
  std::string field;
  const Node* node = nullptr;
};

void AddReference(const Node& node, const char* kind, const char* name_key, std::string field,
                  std::vector<Reference>* references) {
  if (!node.IsMap() || node[name_key].Text().empty()) return;
  references->push_back(
      {kind, node[name_key].Text(), node["key"].Text(), node["optional"].IsTrue(), field, &node});
}

void VolumeReferences(const Pod& pod, std::vector<Reference>* references) {
  const std::string field = pod.spec_path + ".volumes";
  for (const Node& volume : (*pod.spec)["volumes"].items) {
    AddReference(volume["configMap"], "ConfigMap", "name", field, references);
    AddReference(volume["secret"], "Secret", "secretName", field, references);
    for (const Node& source : volume.At("projected.sources").items) {
      AddReference(source["configMap"], "ConfigMap", "name", field, references);
      AddReference(source["secret"], "Secret", "name", field, references);
    }
  }
}

std::vector<Reference> References(const Pod& pod) {
  std::vector<Reference> references;
  for (const Node* container : model::kubernetes::AllContainers(pod)) {
    const std::string field = pod.spec_path + ".containers.env";
    for (const Node& from : (*container)["envFrom"].items) {
      AddReference(from["configMapRef"], "ConfigMap", "name", field, &references);
      AddReference(from["secretRef"], "Secret", "name", field, &references);
    }
    for (const Node& variable : (*container)["env"].items) {
      const Node& source = variable["valueFrom"];
      AddReference(source["configMapKeyRef"], "ConfigMap", "name", field, &references);
      AddReference(source["secretKeyRef"], "Secret", "name", field, &references);
    }
  }
  VolumeReferences(pod, &references);
  for (const Node& pull : (*pod.spec)["imagePullSecrets"].items) {
    AddReference(pull, "Secret", "name", pod.spec_path + ".imagePullSecrets", &references);
  }
  return references;
}

bool HasKey(const Object& object, const std::string& key) {
  return object["data"].Has(key) || object["stringData"].Has(key) || object["binaryData"].Has(key);
}

// Objects that make a Secret of the same name elsewhere.
bool MadeElsewhere(const Context& context, const Reference& reference, const Object& owner) {
  for (const char* kind : {"ExternalSecret", "SealedSecret", "Certificate"}) {
    if (context.manifests.Find(kind, reference.name, &owner) != nullptr) return true;
  }
  for (const Object& object : context.manifests.objects) {
    if (object["spec.target.name"].Text() == reference.name ||
        object["spec.secretName"].Text() == reference.name) {
      return true;
    }
  }
  return false;
}

void ForMissing(const Context& context, const std::string& kind,
                const std::function<void(const Pod&, const Reference&)>& report) {
  for (const Pod& pod : context.pods) {
    std::set<std::string> told;
    for (const Reference& reference : References(pod)) {
      if (reference.kind != kind || reference.optional ||
          context.manifests.Find(kind, reference.name, pod.owner) != nullptr ||
          !told.insert(reference.name).second || MadeElsewhere(context, reference, *pod.owner)) {
        continue;
      }
      report(pod, reference);
    }
  }
}

void RunConfigMissing(const Context& context, Reporter& reporter) {
  ForMissing(context, "ConfigMap", [&](const Pod& pod, const Reference& reference) {
    if (reference.name == "kube-root-ca.crt") return;
    reporter.Find(At(*pod.owner, reference.field, *reference.node),
                  absl::StrCat("needs ConfigMap ", reference.name,
                               ", which is not among the manifests: the pod does not start"),
                  "add the ConfigMap, correct the name, or mark the reference optional");
  });
}

void RunSecretMissing(const Context& context, Reporter& reporter) {
  ForMissing(context, "Secret", [&](const Pod& pod, const Reference& reference) {
    reporter.Find(At(*pod.owner, reference.field, *reference.node),
                  absl::StrCat("needs Secret ", reference.name, ", which must exist beforehand"),
                  "create it outside these manifests before the first apply");
  });
}

void RunKeyMissing(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Reference& reference : References(pod)) {
      const Object* object = context.manifests.Find(reference.kind, reference.name, pod.owner);
      if (object == nullptr || reference.key.empty() || reference.optional ||
          HasKey(*object, reference.key)) {
        continue;
      }
      reporter.Find(At(*pod.owner, reference.field, *reference.node),
                    absl::StrCat(object->Id(), " has no key ", reference.key,
                                 ": the container does not start"),
                    "add the key, or correct its name");
    }
  }
}

bool IsUsed(const Context& context, const Object& object) {
  for (const Pod& pod : context.pods) {
    if (!SameNamespace(*pod.owner, object)) continue;
    for (const Reference& reference : References(pod)) {
      if (reference.kind == object.kind && reference.name == object.name) return true;
    }
  }
  for (const Object& other : context.manifests.objects) {
    if (other.kind != "Ingress" && other.kind != "ServiceAccount" && other.kind != "Gateway") {
      continue;
    }
    for (const Node& tls : other["spec.tls"].items) {
      if (tls["secretName"].Text() == object.name) return true;
    }
    for (const Node& secret : other["imagePullSecrets"].items) {
      if (secret["name"].Text() == object.name) return true;
    }
  }
  return false;
}

// ConfigMaps that dashboards and Prometheus pick up by label are used by no pod of ours.
bool IsPickedUp(const Object& object) {
  for (const auto& [key, value] : object.labels) {
    if (absl::StartsWith(key, "grafana") || absl::StrContains(key, "sidecar")) return true;
  }
  return false;
}

void RunUnused(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "ConfigMap" || context.pods.empty() || IsPickedUp(object) ||
        IsUsed(context, object)) {
      continue;
    }
    reporter.Find(At(object), "no pod mounts it or takes variables from it: it changes nothing",
                  "mount it (volumes.configMap, envFrom), or delete it");
  }
}

// Keys of a Secret that is otherwise used, but that reach no container.
void RunUnusedKeys(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Secret" || object["type"].Text("Opaque") != "Opaque") continue;
    std::set<std::string> taken;
    bool whole = false;
    for (const Pod& pod : context.pods) {
      for (const Reference& reference : References(pod)) {
        if (reference.kind != "Secret" || reference.name != object.name) continue;
        whole = whole || reference.key.empty();
        taken.insert(reference.key);
      }
    }
    if (whole || taken.empty()) continue;
    std::vector<std::string> unused;
    for (const char* part : {"data", "stringData"}) {
      for (const Entry& entry : object[part].entries) {
        if (taken.count(entry.key) == 0) unused.push_back(entry.key);
      }
    }
    if (unused.empty()) continue;
    reporter.Find(At(object, "data"),
                  absl::StrCat("reach no container: ", absl::StrJoin(unused, ", ")),
                  "pass them to the pods that need them, or delete them");
  }
}

void RunTls(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Secret" || object["type"].Text() != "kubernetes.io/tls") continue;
    if (HasKey(object, "tls.crt") && HasKey(object, "tls.key")) continue;
    reporter.Find(At(object, "data"),
                  "typed kubernetes.io/tls without tls.crt and tls.key: the API server refuses it",
                  "let cert-manager create it, and delete it here");
  }
}

// Schemes whose host is a host: not s3://bucket or file://.
bool IsNetworkScheme(absl::string_view scheme) {
  static const std::set<std::string>* const kSchemes = new std::set<std::string>{
      "http",       "https",           "grpc",  "tcp",        "redis",   "rediss", "postgres",
      "postgresql", "jdbc:postgresql", "mysql", "jdbc:mysql", "mongodb", "amqp",   "amqps",
      "nats",       "memcached"};
  return kSchemes->count(absl::AsciiStrToLower(scheme)) > 0;
}

// "redis" of "redis://:pw@redis:6379/0"; empty when this is no URL.
std::string HostOf(absl::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == absl::string_view::npos || !IsNetworkScheme(text.substr(0, scheme))) return "";
  text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find_first_of("/?, \""));
  const size_t at = text.rfind('@');
  if (at != absl::string_view::npos) text.remove_prefix(at + 1);
  return std::string(text.substr(0, text.find(':')));
}

// Whether the name can only be a Service of this cluster, and which.
std::string ServiceOf(const std::string& host) {
  const std::vector<std::string> labels = absl::StrSplit(host, '.');
  if (host.empty() || absl::StrContains(host, "$") || host == "localhost") return "";
  for (char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') return "";
  }
  if (labels.size() == 1) return host;
  const bool inside = absl::StrContains(host, ".svc");
  if (!inside) return "";
  return labels.size() >= 4 && labels[3] == "svc" ? labels[1] : labels[0];  // pod.service.ns.svc
}

void RunHost(const Context& context, Reporter& reporter) {
  bool any_service = false;
  for (const Object& object : context.manifests.objects) {
    any_service = any_service || object.kind == "Service";
  }
  if (!any_service) return;
  for (const Pod& pod : context.pods) {
    for (const Node* container : model::kubernetes::AllContainers(pod)) {
      for (const model::kubernetes::Variable& variable :
           model::kubernetes::Environment(*container, *pod.owner, context.manifests)) {
        const std::string service = ServiceOf(HostOf(variable.value));
        if (service.empty() || context.manifests.Find("Service", service, nullptr) != nullptr) {
          continue;
        }
        Place place =
            At(*pod.owner, absl::StrCat(pod.spec_path, ".containers.env ", variable.name));
        if (variable.line > 0) place.line = variable.line;
        reporter.Find(place,
                      absl::StrCat(variable.name, " names the host ", HostOf(variable.value),
                                   ", but no Service is called ", service),
                      "correct the host, or add the Service");
      }
    }
  }
}

}  // namespace

Rules ConfigurationRules() {
  using model::Finding;
  return {
      {"config-missing", Finding::ERROR, true, "a ConfigMap that a pod names exists",
       RunConfigMissing},
      {"config-key-missing", Finding::ERROR, true, "a key that a pod names is in its object",
       RunKeyMissing},
      {"secret-missing", Finding::NOTE, true, "a Secret that a pod names is among the manifests",
       RunSecretMissing},
      {"config-not-used", Finding::WARNING, true, "a ConfigMap is used by a pod", RunUnused},
      {"secret-key-unused", Finding::NOTE, true, "every key of a Secret reaches a container",
       RunUnusedKeys},
      {"secret-tls-empty", Finding::ERROR, true, "a TLS Secret holds certificate and key", RunTls},
      {"host-not-a-service", Finding::ERROR, true, "hosts in URLs of the environment are Services",
       RunHost},
  };
}

}  // namespace simulator::check
