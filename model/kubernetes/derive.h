#pragma once

#include <string>

#include "model/deployment.pb.h"
#include "model/kubernetes/manifests.h"
#include "model/kubernetes/pod_reading.h"

// The parts of DeriveDeployment. Each fills its fields of the Deployment and their origins.

namespace model::kubernetes {

void DeriveWorkloads(const Manifests& manifests, Deployment* deployment);
void DeriveAutoscalers(const Manifests& manifests, Deployment* deployment);
void DeriveServices(const Manifests& manifests, Deployment* deployment);
void DeriveDatabase(const Manifests& manifests, Deployment* deployment);
void DeriveRedis(const Manifests& manifests, Deployment* deployment);
void DeriveNodes(const Manifests& manifests, Deployment* deployment);
void DeriveMetrics(const Manifests& manifests, Deployment* deployment);

// Notes that the value at `path` was read from `field` of `object`.
void SetOrigin(Deployment* deployment, const std::string& path, const Object& object,
               const std::string& field, int line);

// The annotation `simulator.praxis/<name>` as a number, or `otherwise`.
double Annotation(const Node& metadata, absl::string_view name, double otherwise);

}  // namespace model::kubernetes
