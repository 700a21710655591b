#include "simulator/engine/system_model.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "simulator/engine/system_compiler.h"

namespace simulator {
namespace {

constexpr double kKeepAliveSeconds = 75;  // nginx' keepalive_timeout

}  // namespace

absl::StatusOr<SystemModel> SystemCompiler::Run() {
  for (auto part : {&SystemCompiler::Pods, &SystemCompiler::Overload, &SystemCompiler::Operations,
                    &SystemCompiler::Database, &SystemCompiler::Redis, &SystemCompiler::Network,
                    &SystemCompiler::Host}) {
    if (absl::Status status = (this->*part)(); !status.ok()) return status;
  }
  Omissions();
  return std::move(system_);
}

absl::Status SystemCompiler::Network() {
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
    if (absl::Status status = Ingress(); !status.ok()) return status;
  }
  const model::MetricsPipeline& metrics = deployment_.metrics();
  if (metrics.scrape_seconds() > 0) system_.scrape = ToNanos(metrics.scrape_seconds());
  if (metrics.hpa_sync_seconds() > 0) system_.sync = ToNanos(metrics.hpa_sync_seconds());
  system_.custom_metrics = metrics.custom_metrics_adapter();
  system_.exported_metrics.assign(metrics.exported_metrics().begin(),
                                  metrics.exported_metrics().end());
  return absl::OkStatus();
}

absl::Status SystemCompiler::Ingress() {
  const model::Ingress& ingress = deployment_.ingress();
  system_.ingress_replicas = std::max(1u, ingress.replicas());
  if (ingress.replicas() > 200) return Bad("ingress.replicas: expected at most 200");
  system_.ingress_keep_alive =
      ToNanos(ingress.keep_alive_seconds() > 0 ? ingress.keep_alive_seconds() : kKeepAliveSeconds);
  if (ingress.millicores() > 0 &&
      (ingress.request_cpu_seconds() > 0 || ingress.handshake_cpu_seconds() > 0)) {
    system_.ingress_cores = ingress.millicores() / 1000.0;
    system_.ingress_cpu = ToNanos(ingress.request_cpu_seconds() / system_.ingress_cores);
    system_.ingress_handshake = ToNanos(ingress.handshake_cpu_seconds() / system_.ingress_cores);
  }
  if (system_.ingress_cpu == 0) {
    Warn("ingress: cost per request or CPU not given: it adds no delay and never saturates");
  }
  if (ingress.tls() && system_.ingress_handshake == 0) {
    Warn("ingress: cost per TLS handshake or CPU not given: connections cost nothing");
  }
  return absl::OkStatus();
}

void SystemCompiler::Omissions() {
  if (blocking_ && system_.pod.limit_quota == 0 &&
      system_.pod.limit_cores < system_.pod.workers + 1) {
    Warn(
        "password hashing runs beside the event loops; that it takes their share of the CPU "
        "limit is not modelled");
  }
  system_.not_modelled = {"round trips of a client that connects", "checkpoints and vacuum",
                          "business answers (409, 404): every processed request is ok"};
  if (!system_.host.shared()) {
    system_.not_modelled.push_back(
        "contention on nodes whose CPU limits add up to more than their cores");
  }
  if (workload_.tokens.refreshes && !system_.token_refresh) {
    system_.not_modelled.push_back("token refresh");
  }
  system_.not_modelled.push_back(options_.cache == RunOptions::Cache::kRates
                                     ? "concurrent misses of one key (--cache keys), what a miss "
                                       "costs the server more than a hit"
                                     : "what a miss costs the server more than a hit");
  if (system_.pod.limit_period == 0) {
    system_.not_modelled.push_back("CFS throttling periods (a limit is a speed)");
  }
}

absl::StatusOr<SystemModel> SystemModel::Compile(const model::Scenario& scenario,
                                                 const Workload& workload,
                                                 const model::Deployment& deployment,
                                                 const model::Profile& profile,
                                                 const RunOptions& options) {
  return SystemCompiler(scenario, workload, deployment, profile, options).Run();
}

}  // namespace simulator
