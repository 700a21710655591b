#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace model::kubernetes {

// Whether the folder holds kustomization.yaml, kustomization.yml or Kustomization.
bool HasKustomization(const std::string& folder);

// The folder's rendered manifests, from `kustomize build` or `kubectl kustomize`. NotFound when
// neither program is installed or kubectl is too old to know components (before 1.21);
// InvalidArgument with the program's own message when it refuses. Bounded: 60 s, 64 MiB.
absl::StatusOr<std::string> RenderKustomization(const std::string& folder);

}  // namespace model::kubernetes
