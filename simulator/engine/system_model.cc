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
                    &SystemCompiler::Database, &SystemCompiler::Redis, &SystemCompiler::Network}) {
    if (absl::Status status = (this->*part)(); !status.ok()) return status;
  }
  Omissions();
  return std::move(system_);
}

absl::Status SystemCompiler::Database() {
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
  const std::vector<double> quantiles(profile.flush_quantile_seconds().begin(),
                                      profile.flush_quantile_seconds().end());
  absl::StatusOr<FlushLaw> law = FlushLaw::Create(profile.flush_seconds(), quantiles);
  if (!law.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("profile ", profile_.name(),
                     ": database.flush_quantile_seconds: ", law.status().message()));
  }
  model.flush_law = *law;
  model.flush = static_cast<Nanos>(std::llround(law->mean()));
  model.audit_batch = profile.audit_batch_cpu_seconds() * 1e9;
  model.audit_row = profile.audit_row_cpu_seconds() * 1e9;
  model.audit_insert = ToNanos(profile.group_commit_delay_seconds());
  if (!database.pooler().empty()) {
    Warn("database.pooler " + database.pooler() +
         ": not modelled, the pods' connections are taken as direct");
  }
  return absl::OkStatus();
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
  system_.not_modelled = {
      "round trips of a client that connects",
      "contention on nodes whose CPU limits add up to more than their cores",
      "checkpoints, vacuum and storage growth",
      "PgBouncer",
      "business answers (409, 404): every processed request is ok"};
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
