#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "simulator/engine/system_compiler.h"

namespace simulator {
namespace {

// Pod creation to running containers, image present, 100-node cluster half full: p50 1.33 s,
// p99 2.56 s (published Kubernetes performance measurements).
constexpr double kPodStartMedianSeconds = 1.33;
constexpr double kPodStartSigma = 0.2815;  // ln(2.56 / 1.33) / 2.3263
constexpr double kNotReadySeconds = 40;    // node-monitor-grace-period
constexpr double kEvictionSeconds = 300;   // toleration of unreachable nodes that every pod has
constexpr double kEndpointLagSeconds = 1;  // an assumption: watch, sync and reload take about that

}  // namespace

const model::Workload* SystemCompiler::FindApi() const {
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

absl::Status SystemCompiler::Pods() {
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
  if (absl::Status status = CpuLimit(where); !status.ok()) return status;
  if (absl::Status status = Pool(where); !status.ok()) return status;
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
  if (absl::Status status = Memory(where); !status.ok()) return status;
  if (absl::Status status = Nodes(); !status.ok()) return status;
  Lifecycle();
  Replicas();
  return absl::OkStatus();
}

absl::Status SystemCompiler::CpuLimit(const std::string& where) {
  PodModel& pod = system_.pod;
  pod.limit_cores = api_->limit_millicores() / 1000.0;
  pod.worker_speed = std::min(1.0, pod.limit_cores / pod.workers);
  pod.run_speed = pod.worker_speed;
  if (api_->limit_period_seconds() > 0) {
    if (api_->limit_period_seconds() < 1e-3 || api_->limit_period_seconds() > 1) {
      return Bad(where + ".limit_period_seconds: expected 0.001 to 1");
    }
    // Event loops and the hashing thread can use no more than a core each: a larger limit never
    // holds them back.
    bool hashes = false;
    for (const model::OperationDemand& demand : profile_.operations()) {
      hashes |= demand.blocking_cpu_seconds().mean() > 0;
    }
    pod.limit_period = ToNanos(api_->limit_period_seconds());
    if (pod.limit_cores < pod.workers + (hashes ? 1 : 0)) {
      pod.run_speed = 1;
      pod.limit_quota = ToNanos(api_->limit_period_seconds() * pod.limit_cores);
    }
  }
  return absl::OkStatus();
}

absl::Status SystemCompiler::Pool(const std::string& where) {
  PodModel& pod = system_.pod;
  pod.connections_per_worker = api_->connections_per_worker();
  if (pod.connections_per_worker == 0) {
    pod.connections_per_worker = 2;
    Warn(where + ".connections_per_worker not given: 2 assumed");
  }
  pod.audit_connections = api_->audit_connections_per_worker();
  pod.pipeline_depth = std::max(1u, api_->pipeline_depth());
  if (api_->pipeline_depth() == 0) Warn(where + ".pipeline_depth not given: 1 assumed");
  if (api_->pool_wait_seconds() < 0 || api_->pool_wait_seconds() > 86400) {
    return Bad(where + ".pool_wait_seconds: expected 0 to 86400");
  }
  pod.pool_wait = ToNanos(api_->pool_wait_seconds());
  pod.pool_wait_limit =
      api_->pool_wait_limit() > 0 ? api_->pool_wait_limit() : options_.pool_wait_limit;
  pod.pool_lazy = api_->pool_lazy();
  const double deadline = api_->request_deadline_seconds();
  if (deadline != 0 && !(deadline >= 0.02 && deadline <= 30)) {
    return BadField(where + ".request_deadline_seconds", "0 (none) or 0.02 to 30 seconds");
  }
  pod.request_deadline = ToNanos(deadline);
  return absl::OkStatus();
}

absl::Status SystemCompiler::Memory(const std::string& where) {
  PodModel& pod = system_.pod;
  pod.base_memory_bytes = profile_.server_base_memory_bytes();
  pod.connection_memory_bytes = profile_.server_memory_per_connection_bytes();
  pod.request_held_bytes = profile_.server_memory_per_request_bytes();
  pod.limit_memory_bytes = static_cast<double>(api_->limit_memory_bytes());
  if (pod.limit_memory_bytes > 0) {
    const double room = pod.limit_memory_bytes - pod.base_memory_bytes;
    if (room < 0) {
      return Bad(where +
                 ".limit_memory_bytes: below the profile's memory of a server without load");
    }
    if (pod.connection_memory_bytes > 0) {
      pod.connections_in_memory = static_cast<uint64_t>(room / pod.connection_memory_bytes);
    }
  }
  return absl::OkStatus();
}

void SystemCompiler::Replicas() {
  PodModel& pod = system_.pod;
  if (options_.fixed_pods > 0) {
    pod.replicas = options_.fixed_pods;
    return;
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
}

void SystemCompiler::CustomMetrics() {
  const auto& exported = deployment_.metrics().exported_metrics();
  auto* metrics = system_.autoscaler->mutable_metrics();
  for (int i = metrics->size() - 1; i >= 0; --i) {
    const model::MetricTarget& metric = metrics->Get(i);
    const bool given = deployment_.metrics().custom_metrics_adapter() &&
                       std::find(exported.begin(), exported.end(), metric.name()) != exported.end();
    if (metric.type() == "Resource" || metric.type() == "ContainerResource" || !given) continue;
    if (metric.type() == "Pods" && absl::StrContains(metric.name(), "request")) continue;
    Warn("autoscaler metric " + metric.name() + ": not modelled, the autoscaler runs without it");
    metrics->DeleteSubrange(i, 1);
  }
}

absl::Status SystemCompiler::Nodes() {
  const model::Nodes& nodes = deployment_.nodes();
  ClusterModel& cluster = system_.cluster;
  cluster.nodes = nodes.count();
  cluster.node_millicores = nodes.millicores();
  cluster.node_memory_bytes = static_cast<int64_t>(nodes.memory_bytes());
  cluster.zones = std::max(1u, nodes.zones());
  cluster.most_nodes = nodes.autoscaled() ? std::max(nodes.count(), nodes.max_count()) : 0;
  system_.node_start = ToNanos(nodes.start_seconds());
  const auto otherwise = [](double value, double standard) {
    return ToNanos(value > 0 ? value : standard);
  };
  system_.node_not_ready = otherwise(nodes.not_ready_seconds(), kNotReadySeconds);
  system_.eviction = otherwise(api_->eviction_seconds(), kEvictionSeconds);
  for (const model::Workload& workload : deployment_.workloads()) {
    if (&workload == api_) cluster.api = cluster.shapes.size();
    if (&workload != api_ && workload.role() == "job") continue;
    PodShape& shape = cluster.shapes.emplace_back();
    shape.name = workload.name();
    shape.replicas = &workload == api_ ? 0 : workload.replicas();
    shape.millicores = workload.request_millicores();
    shape.memory_bytes = static_cast<int64_t>(workload.request_memory_bytes());
    for (const model::Spread& spread : workload.spread()) {
      const bool zone = spread.topology() == "zone";
      if (!zone && spread.topology() != "hostname") {
        return Bad(absl::StrCat("workloads.", workload.name(), ".spread.topology: '",
                                spread.topology(), "' is not zone or hostname"));
      }
      shape.spread.push_back({zone ? SpreadRule::kZone : SpreadRule::kHost,
                              std::max(1u, spread.max_skew()), spread.required(),
                              spread.one_per_domain()});
    }
  }
  for (const Fault& fault : options_.faults.faults) {
    if (absl::Status status = CanHappen(fault); !status.ok()) return status;
  }
  for (const FaultProcess& process : options_.faults.processes) {
    if (absl::Status status = CanHappen(process.fault); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SystemCompiler::CanHappen(const Fault& fault) const {
  const bool node = fault.kind == FaultKind::kNodeLoss || fault.kind == FaultKind::kZoneLoss ||
                    fault.kind == FaultKind::kDrainNode;
  const std::string where = absl::StrCat(options_.faults.file, ":", fault.line, ": ",
                                         std::string(RuleOf(fault.kind).name), ": ");
  if (node && system_.cluster.nodes == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, "deployment ", deployment_.name(), " gives no nodes (nodes.count)"));
  }
  if (fault.kind == FaultKind::kIngressLoss) {
    const model::Ingress& ingress = deployment_.ingress();
    if (!ingress.present() || ingress.handshake_cpu_seconds() <= 0 || ingress.millicores() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, "deployment ", deployment_.name(),
                       " gives no ingress with handshake_cpu_seconds and millicores"));
    }
    if (fault.Count("replicas") > std::max(1u, ingress.replicas())) {
      return absl::InvalidArgumentError(absl::StrCat(where, "replicas: expected at most ",
                                                     std::max(1u, ingress.replicas()), ", found ",
                                                     fault.Count("replicas")));
    }
  }
  if (fault.kind == FaultKind::kZoneLoss && fault.Count("zone") >= system_.cluster.zones) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, "zone: expected below nodes.zones = ", system_.cluster.zones,
                     ", found ", fault.Count("zone")));
  }
  return absl::OkStatus();
}

namespace {

ProbeModel ProbeOf(bool given, const model::Probe& probe) {
  ProbeModel model;
  if (!given) return model;
  const auto or_default = [](double value, double standard) {
    return value > 0 ? value : standard;
  };
  model.period = ToNanos(or_default(probe.period_seconds(), 10));
  model.timeout = ToNanos(or_default(probe.timeout_seconds(), 1));
  model.successes = std::max(1u, probe.success_threshold());
  model.failures = probe.failure_threshold() > 0 ? probe.failure_threshold() : 3;
  return model;
}

PodShare ShareOf(const std::string& text) {
  PodShare share;
  absl::string_view digits = text;
  share.percent = absl::ConsumeSuffix(&digits, "%");
  if (!absl::SimpleAtoi(digits, &share.value)) return {};
  return share;
}

}  // namespace

void SystemCompiler::Lifecycle() {
  PodModel& pod = system_.pod;
  pod.readiness = ProbeOf(api_->has_readiness_probe(), api_->readiness_probe());
  pod.liveness = ProbeOf(api_->has_liveness_probe(), api_->liveness_probe());
  pod.image_pull = ToNanos(api_->image_pull_seconds());
  pod.max_surge = ShareOf(api_->max_surge().empty() ? "25%" : api_->max_surge());
  pod.max_unavailable = ShareOf(api_->max_unavailable().empty() ? "25%" : api_->max_unavailable());
  for (const model::DisruptionBudget& budget : deployment_.disruption_budgets()) {
    const auto& names = budget.workloads();
    if (std::find(names.begin(), names.end(), api_->name()) == names.end()) continue;
    pod.budget = true;
    pod.budget_by_unavailable = !budget.max_unavailable().empty();
    pod.budget_share =
        ShareOf(pod.budget_by_unavailable ? budget.max_unavailable() : budget.min_available());
    break;
  }
  double lag = kEndpointLagSeconds;
  for (const model::Service& service : deployment_.services()) {
    const auto& names = service.workloads();
    if (std::find(names.begin(), names.end(), api_->name()) == names.end()) continue;
    if (service.endpoint_lag_seconds() > 0) lag = service.endpoint_lag_seconds();
  }
  system_.endpoint_lag = ToNanos(lag);
  system_.ingress = deployment_.ingress().present();
  for (const model::VerticalAutoscaler& vertical : deployment_.vertical_autoscalers()) {
    system_.vertical |= vertical.target_name() == api_->name();
  }
}

}  // namespace simulator
