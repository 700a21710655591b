#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/deployment.pb.h"
#include "model/kubernetes/manifests.h"

// Questions about a pod's containers that both the derivation of a Deployment and the rules ask.

namespace model::kubernetes {

// The containers that run for the pod's life: spec.containers and init containers that restart
// (sidecars).
std::vector<const Node*> LongRunningContainers(const Pod& pod);
// Those and the other init containers.
std::vector<const Node*> AllContainers(const Pod& pod);

// One resource (cpu, memory) of one container in milli-units, "requests" or "limits". A missing
// request is the limit, as the API server fills it in. Empty when not set or not readable.
std::optional<int64_t> ContainerResource(const Node& container, absl::string_view which,
                                         absl::string_view resource);
// Sum over the long-running containers; empty when any of them sets none.
std::optional<int64_t> PodResource(const Pod& pod, absl::string_view which,
                                   absl::string_view resource);

// All words of command and args; a shell line (`sh -c "server --workers=2"`) is split at blanks.
std::vector<std::string> Words(const Node& container);
// The value of `--name=value` or `--name value` among them (one dash or two).
std::optional<std::string> Flag(const Node& container, absl::string_view name);

// One environment variable as the container would see it: its literal value, or what the named
// ConfigMap holds; a Secret's value is unknown, so it is present with an empty text.
struct Variable {
  std::string name;
  std::string value;
  bool known = true;  // false: comes from a Secret, a field, or a ConfigMap not given
  int line = 0;
};
std::vector<Variable> Environment(const Node& container, const Object& owner,
                                  const Manifests& manifests);

// Every ConfigMap the pod mounts or takes variables from, and whether it is mounted as files.
struct ConfigUse {
  std::string name;
  bool mounted = false;
  std::string mount_path;
};
std::vector<ConfigUse> ConfigMapsOf(const Pod& pod);

// All commands, arguments, literal variables and mounted ConfigMaps of the pod as one text, to look
// for what it does ("--cluster create", "pg_basebackup").
std::string WhatItRuns(const Pod& pod, const Manifests& manifests);

// "redis" of "docker.io/library/redis:7-alpine".
std::string ImageName(const std::string& image);
// api | worker | database | redis | pooler | job | other, from kind and images.
std::string RoleOf(const Pod& pod, const Manifests& manifests);

// Whether the pod's environment or arguments name a PostgreSQL database.
bool UsesDatabase(const Pod& pod, const Manifests& manifests);

// "25%" or "3" of `replicas`, rounded up or down.
uint32_t Share(const std::string& share, uint32_t replicas, bool round_up);

}  // namespace model::kubernetes
