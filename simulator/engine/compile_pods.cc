#include <algorithm>

#include "absl/strings/match.h"
#include "simulator/engine/system_compiler.h"

namespace simulator {
namespace {

// Pod creation to running containers, image present, 100-node cluster half full: p50 1.33 s,
// p99 2.56 s (published Kubernetes performance measurements).
constexpr double kPodStartMedianSeconds = 1.33;
constexpr double kPodStartSigma = 0.2815;  // ln(2.56 / 1.33) / 2.3263
constexpr double kNodeScanSeconds = 10;    // cluster autoscaler's scan interval

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
  pod.limit_cores = api_->limit_millicores() / 1000.0;
  pod.worker_speed = std::min(1.0, pod.limit_cores / pod.workers);
  pod.run_speed = pod.worker_speed;
  if (api_->limit_period_seconds() > 0) {
    if (api_->limit_period_seconds() < 1e-3 || api_->limit_period_seconds() > 1) {
      return Bad(where + ".limit_period_seconds: expected 0.001 to 1");
    }
    bool slowed = options_.slowdown.factor != 1;
    for (const Fault& fault : options_.faults.faults) slowed |= fault.kind == FaultKind::kSlowdown;
    if (slowed) {
      return Bad(where + ".limit_period_seconds: cannot be modelled together with a slowdown");
    }
    pod.run_speed = 1;
    pod.limit_period = ToNanos(api_->limit_period_seconds());
    pod.limit_quota = ToNanos(api_->limit_period_seconds() * pod.limit_cores);
  }
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

void SystemCompiler::Nodes() {
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

}  // namespace simulator
