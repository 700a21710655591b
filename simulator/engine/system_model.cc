#include "simulator/engine/system_model.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"

namespace simulator {
namespace {

// Pod creation to running containers, image present, 100-node cluster half full: p50 1.33 s,
// p99 2.56 s (published Kubernetes performance measurements).
constexpr double kPodStartMedianSeconds = 1.33;
constexpr double kPodStartSigma = 0.2815;  // ln(2.56 / 1.33) / 2.3263
constexpr double kNodeScanSeconds = 10;    // cluster autoscaler's scan interval

class Compiler {
 public:
  Compiler(const model::Scenario& scenario, const Workload& workload,
           const model::Deployment& deployment, const model::Profile& profile,
           const RunOptions& options)
      : scenario_(scenario),
        workload_(workload),
        deployment_(deployment),
        profile_(profile),
        options_(options) {}

  absl::StatusOr<SystemModel> Run() {
    for (auto part : {&Compiler::Pods, &Compiler::Operations, &Compiler::Database, &Compiler::Redis,
                      &Compiler::Network}) {
      if (absl::Status status = (this->*part)(); !status.ok()) return status;
    }
    Omissions();
    return std::move(system_);
  }

 private:
  absl::Status Bad(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat("deployment ", deployment_.name(), ": ", what));
  }
  void Warn(const std::string& what) { system_.warnings.push_back(what); }

  const model::Workload* FindApi() const {
    for (const model::Workload& workload : deployment_.workloads()) {
      if (workload.role() == "api") return &workload;
    }
    for (const model::Autoscaler& autoscaler : deployment_.autoscalers()) {
      for (const model::Workload& workload : deployment_.workloads()) {
        if (workload.role().empty() && workload.name() == autoscaler.target_name()) {
          return &workload;
        }
      }
    }
    return nullptr;
  }

  absl::Status Pods() {
    api_ = FindApi();
    if (api_ == nullptr) return Bad("workloads: none has the role api: nothing to simulate");
    const std::string where = "workloads." + api_->name();
    if (api_->limit_millicores() == 0) {
      return Bad(where +
                 ".limit_millicores: no CPU limit (resources.limits.cpu): a pod's capacity is "
                 "unknown");
    }
    PodModel& pod = system_.pod;
    pod.workload = api_->name();
    pod.replicas = std::max(1u, api_->replicas());
    pod.workers = api_->workers();
    if (pod.workers == 0) {
      pod.workers = 1;
      Warn(where + ".workers not given: 1 assumed");
    }
    pod.limit_cores = api_->limit_millicores() / 1000.0;
    pod.worker_speed = std::min(1.0, pod.limit_cores / pod.workers);
    pod.connections_per_worker = api_->connections_per_worker();
    if (pod.connections_per_worker == 0) {
      pod.connections_per_worker = 2;
      Warn(where + ".connections_per_worker not given: 2 assumed");
    }
    pod.audit_connections = api_->audit_connections_per_worker();
    pod.pipeline_depth = std::max(1u, api_->pipeline_depth());
    if (api_->pipeline_depth() == 0) Warn(where + ".pipeline_depth not given: 1 assumed");
    pod.request_millicores = api_->request_millicores();
    pod.request_memory_bytes = static_cast<int64_t>(api_->request_memory_bytes());
    pod.start_median_seconds = kPodStartMedianSeconds;
    pod.start_sigma = kPodStartSigma;
    pod.ready_after =
        ToNanos(std::max({api_->start_seconds(), api_->startup_probe().initial_delay_seconds(),
                          api_->readiness_probe().initial_delay_seconds()}));
    pod.pre_stop = ToNanos(api_->pre_stop_seconds());
    pod.grace =
        ToNanos(api_->termination_grace_seconds() > 0 ? api_->termination_grace_seconds() : 30.0);
    pod.base_memory_bytes = profile_.server_base_memory_bytes();
    pod.connection_memory_bytes = profile_.server_memory_per_connection_bytes();
    Nodes();
    if (options_.fixed_pods > 0) {
      pod.replicas = options_.fixed_pods;
      return absl::OkStatus();
    }
    for (const model::Autoscaler& autoscaler : deployment_.autoscalers()) {
      if (autoscaler.target_name() == api_->name()) {
        system_.autoscaler = autoscaler;
        CustomMetrics();
        pod.replicas =
            std::max(pod.replicas, autoscaler.has_min_replicas() ? autoscaler.min_replicas() : 1u);
        pod.replicas = std::min(pod.replicas, std::max(1u, autoscaler.max_replicas()));
      }
    }
    return absl::OkStatus();
  }

  // A metric that nobody exports stays: the controller must see it fail. One that is exported but
  // is no request rate has no value here, so the autoscaler runs without it.
  void CustomMetrics() {
    const auto& exported = deployment_.metrics().exported_metrics();
    auto* metrics = system_.autoscaler->mutable_metrics();
    for (int i = metrics->size() - 1; i >= 0; --i) {
      const model::MetricTarget& metric = metrics->Get(i);
      const bool given =
          deployment_.metrics().custom_metrics_adapter() &&
          std::find(exported.begin(), exported.end(), metric.name()) != exported.end();
      if (metric.type() == "Resource" || metric.type() == "ContainerResource" || !given) continue;
      if (metric.type() == "Pods" && absl::StrContains(metric.name(), "request")) continue;
      Warn("autoscaler metric " + metric.name() + ": not modelled, the autoscaler runs without it");
      metrics->DeleteSubrange(i, 1);
    }
  }

  void Nodes() {
    const model::Nodes& nodes = deployment_.nodes();
    PodModel& pod = system_.pod;
    if (nodes.count() == 0 || pod.request_millicores == 0 || nodes.millicores() == 0) return;
    uint64_t fit = nodes.millicores() / static_cast<uint64_t>(pod.request_millicores);
    if (pod.request_memory_bytes > 0 && nodes.memory_bytes() > 0) {
      fit = std::min<uint64_t>(
          fit, nodes.memory_bytes() / static_cast<uint64_t>(pod.request_memory_bytes));
    }
    pod.node_slots = std::max<uint64_t>(1, fit * nodes.count());
    pod.node_slots_maximum = nodes.autoscaled()
                                 ? std::max<uint64_t>(pod.node_slots, fit * nodes.max_count())
                                 : pod.node_slots;
    pod.node_start = ToNanos(kNodeScanSeconds + nodes.start_seconds());
  }

  absl::Status Operations() {
    bool observed_hits = false;
    for (size_t i = 0; i < workload_.operations.size(); ++i) {
      const std::string& name = workload_.operations[i];
      const model::OperationDemand* demand = nullptr;
      for (const model::OperationDemand& candidate : profile_.operations()) {
        if (candidate.operation() == name) demand = &candidate;
      }
      if (demand == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat("profile ", profile_.name(), ": no demand for operation ", name,
                         ", which the scenario ", scenario_.name(), " uses"));
      }
      if (demand->server_cpu_seconds().mean() < 0 || demand->database_cpu_seconds().mean() < 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("profile ", profile_.name(), ": operation ", name, ": negative demand"));
      }
      system_.operations.push_back(Operation(*demand, workload_.writes[i]));
      observed_hits |= demand->cacheable();
      uses_database_ |= system_.operations.back().segment.mean() > 0;
      uses_redis_ |= !system_.operations.back().redis_commands.zero();
      blocking_ |= system_.operations.back().blocking.mean() > 0;
    }
    if (observed_hits) {
      Warn("hit rate taken from calibration: it is not worked out from popularity, TTL and writes");
    }
    return absl::OkStatus();
  }

  OperationModel Operation(const model::OperationDemand& demand, bool write) const {
    OperationModel model;
    model.server_cpu =
        DemandLaw(demand.server_cpu_seconds().mean() * 1e9, demand.server_cpu_seconds().scv());
    model.cacheable = demand.cacheable();
    model.hit_rate = demand.cacheable() ? std::clamp(demand.hit_rate_observed(), 0.0, 0.999) : 0.0;
    const double misses = 1 - model.hit_rate;
    double trips = demand.database_round_trips().mean();
    const double cpu = demand.database_cpu_seconds().mean();
    if (trips <= 0 && cpu > 0) trips = misses;
    model.round_trips = CountLaw(std::max(0.0, trips) / misses);
    if (trips > 0) {
      model.segment = DemandLaw(cpu / trips * 1e9, demand.database_cpu_seconds().scv());
    }
    model.audited_read = demand.phi() && !write;
    const double commits = std::max(0.0, demand.commits_waited());
    model.commits = CountLaw(model.audited_read ? 0 : commits);
    model.audits = CountLaw(commits > 0 ? std::min(1.0, commits) : 1.0);
    const double commands = std::max(0.0, demand.redis_commands().mean());
    model.redis_commands = CountLaw(commands);
    double busy = profile_.redis().command_seconds();
    if (busy <= 0 && commands > 0) busy = demand.redis_cpu_seconds().mean() / commands;
    model.redis_busy = ToNanos(busy);
    model.blocking =
        DemandLaw(demand.blocking_cpu_seconds().mean() * 1e9, demand.blocking_cpu_seconds().scv());
    model.waits = commands > 0 || trips > 0 || model.audited_read || model.blocking.mean() > 0;
    return model;
  }

  absl::Status Database() {
    const model::Database& database = deployment_.database();
    const model::DatabaseProfile& profile = profile_.database();
    DatabaseModel& model = system_.database;
    if (uses_database_ && database.cores_millicores() == 0) {
      return Bad(
          "database.cores_millicores: missing, and the profile has database demands: the "
          "database's CPU limit must be known");
    }
    model.cores = std::max(0.001, database.cores_millicores() / 1000.0);
    model.sigma = std::max(0.0, profile.contention_sigma());
    model.kappa = std::max(0.0, profile.contention_kappa());
    if (model.sigma == 0 && model.kappa == 0) {
      Warn("database contention: the profile gives no curve, cores are shared without loss");
    } else if (profile.contention_source() != "measured") {
      Warn("database contention curve is a prior: " + profile.contention_source());
    }
    uint32_t maximum = database.max_connections();
    if (maximum == 0) {
      maximum = 100;
      if (uses_database_) Warn("database.max_connections not given: PostgreSQL's default of 100");
    }
    uint64_t others = database.superuser_reserved_connections() + database.reserved_connections();
    for (const model::Workload& workload : deployment_.workloads()) {
      if (&workload == api_ || (workload.role() != "worker" && !workload.uses_database())) continue;
      others += uint64_t{workload.replicas()} * std::max(1u, workload.workers()) *
                (workload.connections_per_worker() + workload.audit_connections_per_worker());
    }
    model.usable_connections = maximum > others ? static_cast<uint32_t>(maximum - others) : 0;
    model.flush = ToNanos(profile.flush_seconds());
    model.audit_insert = ToNanos(profile.group_commit_delay_seconds());
    if (!database.pooler().empty()) {
      Warn("database.pooler " + database.pooler() +
           ": not modelled, the pods' connections are taken as direct");
    }
    return absl::OkStatus();
  }

  absl::Status Redis() {
    uint32_t shards = 0;
    for (const model::RedisCluster& cluster : deployment_.redis()) {
      if (shards == 0 || cluster.role() == "cache") shards = cluster.masters();
      if (cluster.limit_millicores() > 0 && cluster.limit_millicores() < 1000) {
        redis_speed_ = cluster.limit_millicores() / 1000.0;
      }
    }
    if (uses_redis_ && shards == 0) {
      return Bad("redis: no cluster with masters, and the profile has Redis commands");
    }
    shards = std::max(1u, shards);
    // Popularity of keys: the scenario's first Zipf feeder, else uniform; spread over 16,384 slots
    // by hash, slots over shards in equal ranges, as `redis-cli --cluster create` deals them.
    double exponent = 0;
    for (const auto& [name, feeder] : scenario_.feeders()) {
      if (feeder.pick() == model::Feeder::ZIPF)
        exponent = std::max(exponent, feeder.zipf_exponent());
    }
    std::vector<double> share(shards, 0);
    double total = 0;
    for (uint32_t key = 0; key < std::max(1u, options_.cache_keys); ++key) {
      const double popularity = std::pow(key + 1.0, -exponent);
      const uint64_t slot = base::Mix64(key) % 16384;
      share[slot * shards / 16384] += popularity;
      total += popularity;
    }
    double sum = 0;
    for (double value : share) system_.shard_cumulative.push_back((sum += value) / total);
    system_.shard_cumulative.back() = 1;
    for (OperationModel& operation : system_.operations) {
      operation.redis_busy =
          static_cast<Nanos>(static_cast<double>(operation.redis_busy) / redis_speed_);
    }
    system_.round_trip = ToNanos(profile_.redis().network_round_trip_seconds());
    return absl::OkStatus();
  }

  absl::Status Network() {
    const model::Ingress& ingress = deployment_.ingress();
    for (const model::Service& service : deployment_.services()) {
      for (const std::string& name : service.workloads()) {
        if (name == api_->name() && service.balancing() == "per_request") {
          system_.per_request = true;
        }
      }
    }
    if (ingress.present()) {
      system_.per_request = true;
      if (ingress.request_cpu_seconds() > 0 && ingress.millicores() > 0) {
        system_.ingress_cores = ingress.millicores() / 1000.0;
        system_.ingress_cpu = ToNanos(ingress.request_cpu_seconds() / system_.ingress_cores);
      } else {
        Warn("ingress: cost per request or CPU not given: it adds no delay and never saturates");
      }
    }
    const model::MetricsPipeline& metrics = deployment_.metrics();
    if (metrics.scrape_seconds() > 0) system_.scrape = ToNanos(metrics.scrape_seconds());
    if (metrics.hpa_sync_seconds() > 0) system_.sync = ToNanos(metrics.hpa_sync_seconds());
    system_.custom_metrics = metrics.custom_metrics_adapter();
    system_.exported_metrics.assign(metrics.exported_metrics().begin(),
                                    metrics.exported_metrics().end());
    return absl::OkStatus();
  }

  void Omissions() {
    if (scenario_.retry().attempts() > 0) {
      Warn(absl::StrCat("retry.attempts ", scenario_.retry().attempts(),
                        ": retries are not modelled, a failed request is not repeated"));
    }
    if (blocking_) {
      Warn(
          "password hashing runs beside the event loops; that it takes their share of the CPU "
          "limit is not modelled");
    }
    system_.not_modelled = {"retries",
                            "token refresh",
                            "failures of pods, nodes, database and Redis",
                            "client network and TLS handshakes",
                            "CFS throttling periods (a limit is a speed)",
                            "memory limits and OOM kills",
                            "checkpoints, vacuum and storage growth",
                            "PgBouncer",
                            "cache fill, TTL and eviction (hit rate is given)",
                            "business answers (409, 404): every processed request is ok"};
  }

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

}  // namespace

absl::StatusOr<SystemModel> SystemModel::Compile(const model::Scenario& scenario,
                                                 const Workload& workload,
                                                 const model::Deployment& deployment,
                                                 const model::Profile& profile,
                                                 const RunOptions& options) {
  return Compiler(scenario, workload, deployment, profile, options).Run();
}

}  // namespace simulator
