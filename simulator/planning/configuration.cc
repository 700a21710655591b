#include "simulator/planning/configuration.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/yaml/node.h"

namespace simulator {
namespace {

constexpr double kGibibyte = 1024.0 * 1024 * 1024;

const model::Workload* FindWorkload(const model::Deployment& deployment, const std::string& name) {
  for (const model::Workload& workload : deployment.workloads()) {
    if (workload.name() == name) return &workload;
  }
  return nullptr;
}

double MemoryPerPod(const Configuration& configuration, const model::Workload* api) {
  if (api == nullptr) return 0;
  const double scale = static_cast<double>(configuration.workers) / std::max(1u, api->workers());
  return scale *
         static_cast<double>(std::max(api->limit_memory_bytes(), api->request_memory_bytes()));
}

}  // namespace

std::string Configuration::Words() const {
  std::string words = absl::StrFormat(
      "%d pod%s x %g cores (%d worker%s x %d connection%s), database %g cores", pods,
      pods == 1 ? "" : "s", cpu_millicores / 1000.0, workers, workers == 1 ? "" : "s", connections,
      connections == 1 ? "" : "s", database_millicores / 1000.0);
  if (redis_masters > 0) {
    absl::StrAppendFormat(&words, ", %d Redis master%s", redis_masters,
                          redis_masters == 1 ? "" : "s");
  }
  if (pooler_pool > 0) {
    absl::StrAppend(&words, ", ", pooler_processes > 1 ? absl::StrCat(pooler_processes, " x ") : "",
                    "PgBouncer with ", pooler_processes > 1 ? "together " : "", "a pool of ",
                    pooler_pool);
  }
  return words;
}

bool Configuration::WithinReachOf(const Configuration& other) const {
  return pods <= other.pods && cpu_millicores <= other.cpu_millicores && workers == other.workers &&
         connections <= other.connections && database_millicores <= other.database_millicores &&
         redis_masters <= other.redis_masters && pooler_pool == other.pooler_pool &&
         pooler_processes <= other.pooler_processes;
}

model::Deployment WithConfiguration(const model::Deployment& base, const std::string& api,
                                    const Configuration& configuration) {
  model::Deployment deployment = base;
  for (model::Workload& workload : *deployment.mutable_workloads()) {
    if (workload.name() != api) continue;
    const double cpu =
        workload.limit_millicores() > 0
            ? static_cast<double>(configuration.cpu_millicores) / workload.limit_millicores()
            : 1;
    const double memory =
        static_cast<double>(configuration.workers) / std::max(1u, workload.workers());
    workload.set_replicas(configuration.pods);
    workload.set_limit_millicores(configuration.cpu_millicores);
    workload.set_request_millicores(static_cast<uint32_t>(workload.request_millicores() * cpu));
    workload.set_request_memory_bytes(
        static_cast<uint64_t>(static_cast<double>(workload.request_memory_bytes()) * memory));
    workload.set_limit_memory_bytes(
        static_cast<uint64_t>(static_cast<double>(workload.limit_memory_bytes()) * memory));
    workload.set_workers(configuration.workers);
    workload.set_connections_per_worker(configuration.connections);
  }
  deployment.clear_autoscalers();
  for (model::RedisCluster& redis : *deployment.mutable_redis()) {
    if (configuration.redis_masters > 0) redis.set_masters(configuration.redis_masters);
  }
  model::Database& database = *deployment.mutable_database();
  database.set_cores_millicores(configuration.database_millicores);
  database.clear_pooler();
  if (configuration.pooler_pool > 0) {
    const uint32_t processes = std::max(1u, configuration.pooler_processes);
    database.set_pooler("transaction");
    database.set_pooler_processes(processes);
    database.set_pooler_pool_size((configuration.pooler_pool + processes - 1) / processes);
    database.set_pooler_max_client_connections(1'000'000);
  }
  return deployment;
}

absl::StatusOr<Prices> LoadPrices(const std::string& path) {
  const auto node = model::YamlNode::Load(path);
  if (!node.ok()) return node.status();
  const auto map = node->AsMap({"core_hour", "gib_hour", "database_core_hour", "database_gib_hour",
                                "redis_node_hour", "fixed_hour", "currency"});
  if (!map.ok()) return map.status();
  const auto required = map->Require("core_hour");
  if (!required.ok()) return required.status();
  Prices prices;
  prices.given = true;
  prices.currency = "";
  prices.redis_node_hour = 0;
  const auto read = [&map](const char* key, double* value) -> absl::Status {
    const model::YamlNode* found = map->Find(key);
    if (found == nullptr) return absl::OkStatus();
    const auto number = found->AsNumber();
    if (!number.ok()) return number.status();
    if (*number < 0) return found->Error("expected a price, 0 or more");
    *value = *number;
    return absl::OkStatus();
  };
  absl::Status status = read("core_hour", &prices.core_hour);
  status.Update(read("gib_hour", &prices.gib_hour));
  prices.database_core_hour = prices.core_hour;
  prices.database_gib_hour = prices.gib_hour;
  status.Update(read("database_core_hour", &prices.database_core_hour));
  status.Update(read("database_gib_hour", &prices.database_gib_hour));
  status.Update(read("redis_node_hour", &prices.redis_node_hour));
  status.Update(read("fixed_hour", &prices.fixed_hour));
  if (const model::YamlNode* currency = map->Find("currency"); currency != nullptr) {
    const auto text = currency->AsString();
    if (!text.ok()) return text.status();
    prices.currency = *text;
  }
  if (!status.ok()) return status;
  return prices;
}

double CostPerHour(const Configuration& configuration, const model::Deployment& base,
                   const std::string& api, const Prices& prices) {
  const double pods = configuration.pods;
  double redis_nodes = 0;
  for (const model::RedisCluster& redis : base.redis()) {
    const uint32_t masters =
        configuration.redis_masters > 0 ? configuration.redis_masters : redis.masters();
    redis_nodes += masters * (1.0 + redis.replicas_per_master());
  }
  const double gibibytes = MemoryPerPod(configuration, FindWorkload(base, api)) / kGibibyte;
  return pods * (prices.core_hour * configuration.cpu_millicores / 1000.0 +
                 prices.gib_hour * gibibytes) +
         prices.database_core_hour * configuration.database_millicores / 1000.0 +
         prices.database_gib_hour * static_cast<double>(base.database().memory_bytes()) /
             kGibibyte +
         (configuration.pooler_pool > 0 ? prices.core_hour * configuration.pooler_processes : 0) +
         prices.redis_node_hour * redis_nodes + prices.fixed_hour;
}

Configuration ConfigurationOf(const model::Deployment& deployment, const std::string& api,
                              uint32_t pods) {
  Configuration configuration;
  configuration.pods = pods;
  const model::Database& database = deployment.database();
  configuration.database_millicores = database.cores_millicores();
  uint32_t pooler_pods = 0;
  for (const model::Workload& workload : deployment.workloads()) {
    if (workload.role() == "pooler") pooler_pods += std::max(1u, workload.replicas());
    if (workload.name() != api) continue;
    configuration.cpu_millicores =
        std::max(workload.limit_millicores(), workload.request_millicores());
    configuration.workers = std::max(1u, workload.workers());
    configuration.connections = workload.connections_per_worker();
  }
  if (!database.pooler().empty()) {
    configuration.pooler_pool = std::max(1u, database.pooler_pool_size());
    configuration.pooler_processes =
        database.pooler_processes() > 0 ? database.pooler_processes() : std::max(1u, pooler_pods);
  }
  return configuration;
}

ApiPods ApiPodsOf(const model::Deployment& deployment) {
  ApiPods pods;
  for (const model::Workload& workload : deployment.workloads()) {
    if (workload.role() != "api") continue;
    pods = {workload.name(), workload.replicas(), workload.replicas()};
    break;
  }
  for (const model::Autoscaler& scaler : deployment.autoscalers()) {
    if (pods.api.empty() || scaler.target_name() != pods.api) continue;
    pods.least = scaler.has_min_replicas() ? std::max(1u, scaler.min_replicas()) : 1;
    pods.most = std::max(pods.least, scaler.max_replicas());
  }
  return pods;
}

}  // namespace simulator
