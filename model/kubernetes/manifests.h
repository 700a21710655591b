#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/kubernetes/node.h"
#include "model/kubernetes/selector.h"

namespace model::kubernetes {

// One Kubernetes object of any kind, as written.
struct Object {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string ns;  // "" when the manifest names none
  std::string file;
  int line = 0;  // of the document's first key
  Labels labels;
  std::shared_ptr<const Node> root;

  const Node& operator[](absl::string_view path) const { return root->At(path); }
  std::string Id() const { return kind + "/" + name; }
};

// Whether two objects may live in one namespace. A manifest without a namespace gets its own at
// apply time, so an empty one is taken as any.
bool SameNamespace(const Object& a, const Object& b);

// A workload's pod, wherever its kind keeps the template (Deployment, StatefulSet, DaemonSet,
// ReplicaSet, Job, CronJob, Pod). Points into the object, which must outlive it.
struct Pod {
  const Object* owner = nullptr;
  const Node* spec = nullptr;
  const Node* metadata = nullptr;
  Labels labels;
  std::string spec_path;  // "spec.template.spec"
};
std::optional<Pod> PodOf(const Object& object);

// What was read: objects in file order, and what a reader should be told about the reading.
struct Manifests {
  std::vector<Object> objects;
  std::vector<std::string> notes;      // files skipped, kustomize not found
  std::vector<std::string> documents;  // our own `deployment:` files among the paths (at most one)
  std::string digest;                  // SHA-256 over the bytes read, hex

  // The first object of that kind and name in a namespace `beside` may see; null when absent.
  const Object* Find(absl::string_view kind, absl::string_view name, const Object* beside) const;
};

// Reads manifests from files, folders (recursively *.yaml, *.yml, *.json, in name order) and
// standard input ("-"). `List` kinds are taken apart. A folder with a kustomization is rendered
// through `kustomize build` or `kubectl kustomize`, whichever is installed; without them its files
// are read plainly and a note says so. Documents that are no Kubernetes objects are noted and left
// out. An error names file, line and what was expected.
absl::StatusOr<Manifests> ReadManifests(const std::vector<std::string>& paths);

// The same for text that is already in memory; `file` is the name that findings show.
absl::StatusOr<Manifests> ParseManifests(const std::string& text, const std::string& file);

}  // namespace model::kubernetes
