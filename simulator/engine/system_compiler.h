#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "simulator/engine/system_model.h"

namespace simulator {

// Compiles a deployment and a profile to a SystemModel (system_model.h). Used once: construct,
// Run(). The parts run in the order of their declaration.
class SystemCompiler {
 public:
  SystemCompiler(const model::Scenario& scenario, const Workload& workload,
                 const model::Deployment& deployment, const model::Profile& profile,
                 const RunOptions& options)
      : scenario_(scenario),
        workload_(workload),
        deployment_(deployment),
        profile_(profile),
        options_(options) {}

  absl::StatusOr<SystemModel> Run();

 private:
  absl::Status Bad(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat("deployment ", deployment_.name(), ": ", what));
  }
  absl::Status BadField(const std::string& path, const std::string& expected) const;
  void Warn(const std::string& what) { system_.warnings.push_back(what); }

  // compile_pods.cc
  const model::Workload* FindApi() const;
  absl::Status Pods();
  // Parts of Pods(); `where` names the workload in errors.
  absl::Status CpuLimit(const std::string& where);
  absl::Status Pool(const std::string& where);
  absl::Status Memory(const std::string& where);
  void Replicas();  // fixed, or where the autoscaler starts
  // A metric that nobody exports stays: the controller must see it fail. One that is exported but
  // is no request rate has no value here, so the autoscaler runs without it.
  void CustomMetrics();
  absl::Status Nodes();
  absl::Status CanHappen(const Fault& fault) const;
  void Lifecycle();  // probes, rollout, budget, endpoints

  // compile_overload.cc
  absl::Status Overload();

  // compile_operations.cc
  absl::Status Operations();
  void Cache(const model::OperationDemand& demand, OperationModel* operation);
  CacheWorld World() const;
  OperationModel Operation(const model::OperationDemand& demand, bool write) const;

  // compile_redis.cc
  absl::Status Redis();
  const model::RedisCluster* FindRedis() const;
  absl::Status RedisAutoscaler(const model::RedisCluster& cluster);
  absl::Status RedisFaults() const;
  absl::Status KeyedCaches() const;
  void RedisMemory(const model::RedisCluster& cluster);

  // compile_database.cc
  absl::Status Database();
  void Contention();
  void Connections();
  void Memory();
  void Storage();
  absl::Status Flushes();
  absl::Status Commits();
  absl::Status Pooler();

  // compile_host.cc
  absl::Status Host();

  // system_model.cc
  absl::Status Network();
  absl::Status Ingress();
  void Omissions();

  const model::Scenario& scenario_;
  const Workload& workload_;
  const model::Deployment& deployment_;
  const model::Profile& profile_;
  const RunOptions& options_;
  const model::Workload* api_ = nullptr;
  SystemModel system_;
  double redis_speed_ = 1;
  bool uses_database_ = false;
  bool uses_redis_ = false;
  bool blocking_ = false;
};

}  // namespace simulator
