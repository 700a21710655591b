#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/deployment.pb.h"
#include "model/kubernetes/manifests.h"

namespace model {

// Where a system runs, read from what is deployed.
//
// `path`: a rendered manifest file, a folder of manifests (rendered by kustomize when it has a
// kustomization), "-" for standard input, or a Deployment written by hand (top key `deployment:`,
// model/kubernetes/document_reader.h). The name is the hand-written one, else the file's or
// folder's name without extension. Fields that the manifests leave open hold the platform's
// defaults (Kubernetes', PostgreSQL 16's); 0 where there is none. Every value that a finding may
// point at has an Origin under its path: "workloads.api.replicas", "autoscalers.api.metrics.cpu",
// "database.max_connections"; look up the longest prefix that is there.
absl::StatusOr<Deployment> LoadDeployment(const std::string& path);

namespace kubernetes {

// Both views of the same input: the objects as written (none for a hand-written Deployment) and the
// Deployment derived from them.
struct Loaded {
  Manifests manifests;
  Deployment deployment;
};
absl::StatusOr<Loaded> Load(const std::vector<std::string>& paths);

// The derivation alone, for manifests already in memory.
Deployment DeriveDeployment(const Manifests& manifests, const std::string& name);

}  // namespace kubernetes
}  // namespace model
