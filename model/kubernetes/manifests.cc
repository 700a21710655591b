#include "model/kubernetes/manifests.h"

#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/kubernetes/kustomize.h"

namespace model::kubernetes {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMaxBytes = 64u << 20;

std::string Sha256Hex(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(std::string(reinterpret_cast<char*>(digest), size));
}

absl::StatusOr<std::string> ReadStream(std::istream& stream, const std::string& name) {
  std::string text;
  char buffer[65536];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(stream.gcount()));
    if (text.size() > kMaxBytes) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": larger than 64 MiB"));
    }
  }
  return text;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return ReadStream(stream, path);
}

bool IsManifestFile(const fs::path& path) {
  const std::string extension = absl::AsciiStrToLower(path.extension().string());
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

// Made by a controller (a Deployment's ReplicaSets and pods): its owner says all about it.
bool IsOwned(const Node& document) {
  for (const Node& owner : document.At("metadata.ownerReferences").items) {
    if (owner["controller"].IsTrue()) return true;
  }
  return false;
}

bool IsKustomizeKind(const std::string& api_version) {
  return absl::StartsWith(api_version, "kustomize.config.k8s.io/");
}

class Reader {
 public:
  absl::Status ReadPath(const std::string& path) {
    if (path == "-") {
      absl::StatusOr<std::string> text = ReadStream(std::cin, "stdin");
      if (!text.ok()) return text.status();
      return AddText(*text, "stdin", /*named=*/true);
    }
    std::error_code error;
    if (fs::is_directory(path, error)) return ReadFolder(path);
    if (!fs::exists(path, error)) {
      return absl::NotFoundError(absl::StrCat(path, ": no such file or folder"));
    }
    return ReadOne(path, /*named=*/true);
  }

  absl::Status AddText(const std::string& text, const std::string& file, bool named) {
    bytes_ += text;
    absl::StatusOr<std::vector<Node>> documents = ParseDocuments(text, file);
    if (!documents.ok()) return documents.status();
    size_t found = 0;
    for (Node& document : *documents) {
      if (document.IsMap() && document.Has("deployment") && !document.Has("kind")) {
        manifests_.documents.push_back(file);
        ++found;
        continue;
      }
      found += AddObject(std::move(document), file);
    }
    if (found > 0) return absl::OkStatus();
    if (named) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":1: no Kubernetes object (apiVersion, kind) and no `deployment:`"));
    }
    manifests_.notes.push_back(absl::StrCat(file, ": holds no Kubernetes object, skipped"));
    return absl::OkStatus();
  }

  Manifests Take() {
    if (owned_ > 0) {
      manifests_.notes.push_back(
          absl::StrCat(owned_, " objects that a controller made (ReplicaSets, pods) left out"));
    }
    manifests_.digest = Sha256Hex(bytes_);
    return std::move(manifests_);
  }

 private:
  absl::Status ReadOne(const std::string& path, bool named) {
    absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return text.status();
    return AddText(*text, path, named);
  }

  absl::Status ReadFolder(const std::string& folder) {
    if (HasKustomization(folder)) {
      absl::StatusOr<std::string> rendered = RenderKustomization(folder);
      if (rendered.ok()) return AddText(*rendered, folder + " (rendered)", /*named=*/true);
      if (!absl::IsNotFound(rendered.status())) return rendered.status();
      manifests_.notes.push_back(absl::StrCat(folder, ": has a kustomization, but ",
                                              rendered.status().message(),
                                              "; its files are read as they are"));
    }
    std::vector<std::string> files;
    std::vector<std::string> kustomizations;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
      const std::string name = at->path().filename().string();
      std::error_code ignored;
      if (at->is_directory(ignored)) {
        if (absl::StartsWith(name, ".") || name == "node_modules") at.disable_recursion_pending();
        if (HasKustomization(at->path().string())) kustomizations.push_back(at->path().string());
      } else if (IsManifestFile(at->path())) {
        files.push_back(at->path().string());
      }
    }
    if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
    if (files.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder, ": no *.yaml, *.yml or *.json file in this folder"));
    }
    if (!kustomizations.empty()) {
      std::sort(kustomizations.begin(), kustomizations.end());
      manifests_.notes.push_back(
          absl::StrCat(folder, ": holds kustomizations; to check what is deployed name one of ",
                       absl::StrJoin(kustomizations, ", ")));
    }
    std::sort(files.begin(), files.end());
    const size_t before = manifests_.objects.size() + manifests_.documents.size();
    for (const std::string& file : files) {
      absl::Status status = ReadOne(file, /*named=*/false);
      if (!status.ok()) return status;
    }
    if (manifests_.objects.size() + manifests_.documents.size() == before) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder, ": none of its ", files.size(), " files holds a Kubernetes object"));
    }
    return absl::OkStatus();
  }

  // Returns how many objects the document gave: a List gives its items.
  size_t AddObject(Node document, const std::string& file) {
    const std::string kind = document["kind"].Text();
    const std::string api_version = document["apiVersion"].Text();
    if (kind.empty() || api_version.empty()) return 0;
    if (IsKustomizeKind(api_version)) return 1;  // says how to build, is itself nothing deployed
    if (absl::EndsWith(kind, "List") && document["items"].IsSequence()) {
      size_t added = 0;
      for (const Node& item : document["items"].items) added += AddObject(item, file);
      return std::max<size_t>(added, 1);
    }
    if (IsOwned(document)) {
      ++owned_;
      return 1;
    }
    Object object;
    object.api_version = api_version;
    object.kind = kind;
    const Node& metadata = document["metadata"];
    object.name = metadata["name"].Text(metadata["generateName"].Text());
    object.ns = metadata["namespace"].Text();
    object.labels = ReadLabels(metadata["labels"]);
    object.file = file;
    object.line = document.entries.empty() ? document.line : document.entries[0].key_line;
    object.root = std::make_shared<const Node>(std::move(document));
    manifests_.objects.push_back(std::move(object));
    return 1;
  }

  Manifests manifests_;
  std::string bytes_;
  size_t owned_ = 0;
};

}  // namespace

bool SameNamespace(const Object& a, const Object& b) {
  return a.ns.empty() || b.ns.empty() || a.ns == b.ns;
}

std::optional<Pod> PodOf(const Object& object) {
  std::string path;
  if (object.kind == "Pod") {
    Pod pod{&object, &object["spec"], &object["metadata"], object.labels, "spec"};
    return pod;
  }
  if (object.kind == "CronJob") {
    path = "spec.jobTemplate.spec.template";
  } else if (object.kind == "Deployment" || object.kind == "StatefulSet" ||
             object.kind == "DaemonSet" || object.kind == "ReplicaSet" || object.kind == "Job" ||
             object.kind == "ReplicationController" || object.kind == "Rollout") {
    path = "spec.template";
  } else {
    return std::nullopt;
  }
  const Node& pod_template = object[path];
  if (!pod_template.IsMap()) return std::nullopt;
  Pod pod;
  pod.owner = &object;
  pod.spec = &pod_template["spec"];
  pod.metadata = &pod_template["metadata"];
  pod.labels = ReadLabels(pod_template.At("metadata.labels"));
  pod.spec_path = path + ".spec";
  return pod;
}

const Object* Manifests::Find(absl::string_view kind, absl::string_view name,
                              const Object* beside) const {
  for (const Object& object : objects) {
    if (object.kind == kind && object.name == name &&
        (beside == nullptr || SameNamespace(object, *beside))) {
      return &object;
    }
  }
  return nullptr;
}

absl::StatusOr<Manifests> ReadManifests(const std::vector<std::string>& paths) {
  Reader reader;
  for (const std::string& path : paths) {
    absl::Status status = reader.ReadPath(path);
    if (!status.ok()) return status;
  }
  return reader.Take();
}

absl::StatusOr<Manifests> ParseManifests(const std::string& text, const std::string& file) {
  Reader reader;
  absl::Status status = reader.AddText(text, file, /*named=*/true);
  if (!status.ok()) return status;
  return reader.Take();
}

}  // namespace model::kubernetes
