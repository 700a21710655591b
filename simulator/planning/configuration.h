#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/deployment.pb.h"

namespace simulator {

// What a plan may choose: the API's pods and their size, the database's cores, Redis masters, and
// PgBouncer.
struct Configuration {
  uint32_t pods = 1;
  uint32_t cpu_millicores = 1000;  // limit of a pod
  uint32_t workers = 1;            // of a pod
  uint32_t connections = 2;        // of a worker
  uint32_t database_millicores = 1000;
  uint32_t redis_masters = 0;  // of every Redis cluster; 0: as in the base
  // Server connections of PgBouncer in transaction mode, over all its processes; 0: none.
  uint32_t pooler_pool = 0;
  uint32_t pooler_processes = 1;  // each one thread and one core

  std::string Words() const;  // "9 pods x 2 cores (2 workers x 2 connections), database 32 cores"

  // Every choice of `this` is at most that of `other`: what `other` cannot do, `this` cannot.
  bool WithinReachOf(const Configuration& other) const;
};

// `base` with the configuration in the workload `api`: no autoscaler, replicas = pods, CPU limit,
// workers, connections, PgBouncer when it is chosen and none when it is not; request and memory in
// the base's proportion to the limit and the workers. Redis clusters get the masters, each with the
// base's replicas and memory. Everything else (ingress, other workloads) stays.
model::Deployment WithConfiguration(const model::Deployment& base, const std::string& api,
                                    const Configuration& configuration);

// The choices, each ascending, without what is given twice.
struct Choices {
  std::vector<uint32_t> cpu_millicores;
  std::vector<uint32_t> connections;
  std::vector<uint32_t> database_millicores;
  std::vector<uint32_t> redis_masters = {0};  // 0: as in the base
  uint32_t most_pods = 1000;
};

// Prices an hour, of the user. Without a price file a core counts 1 (a Redis node has one), memory
// nothing.
struct Prices {
  bool given = false;
  std::string currency = "cores";
  double core_hour = 1;
  double gib_hour = 0;
  double database_core_hour = 1;
  double database_gib_hour = 0;
  double redis_node_hour = 1;  // a master or a replica
  double fixed_hour = 0;       // what does not change with the configuration (balancer, storage)
};

// YAML: core_hour (required), gib_hour, database_core_hour, database_gib_hour, redis_node_hour (0),
// fixed_hour, currency; the database's default to the others'. Errors name file, line and field.
absl::StatusOr<Prices> LoadPrices(const std::string& path);

// An hour of API pods, database and Redis nodes, and a core for each of PgBouncer's processes.
double CostPerHour(const Configuration& configuration, const model::Deployment& base,
                   const std::string& api, const Prices& prices);

// The configuration that a deployment has as it is, with `pods` of its API (the workload whose role
// is api). PgBouncer as a workload of its own counts one process a pod.
Configuration ConfigurationOf(const model::Deployment& deployment, const std::string& api,
                              uint32_t pods);

// The API's workload and its fewest and most pods by the autoscaler, if there is one. No name:
// there is no API.
struct ApiPods {
  std::string api;
  uint32_t least = 0;
  uint32_t most = 0;
};
ApiPods ApiPodsOf(const model::Deployment& deployment);

}  // namespace simulator
