#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/deployment.pb.h"
#include "model/kubernetes/node.h"

namespace model::kubernetes {

// Reads a Deployment that a person wrote (top key `deployment:`), for systems known only from
// documents. Keys are the message's field names, units as in the name. A value is written plainly
// or with where it comes from:
//
//   max_connections: {value: 500, source: "postgres-config"}
//   memory_bytes: 16Gi                    # *_bytes fields take quantities
//
// `source:` may also stand inside any map, for all values below it that name none. Every field read
// gets an Origin (path with list items by their name: "workloads.healthcare-api.replicas"). Unknown
// keys and values of the wrong type are errors with file, line and what was expected.
absl::StatusOr<Deployment> ReadDeploymentDocument(const Node& document, const std::string& file);

}  // namespace model::kubernetes
