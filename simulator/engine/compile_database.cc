#include <algorithm>
#include <cmath>
#include <vector>

#include "simulator/engine/system_compiler.h"

// The database, its standbys and the pooler before it.
namespace simulator {
namespace {

// PgBouncer's defaults (doc/config.md), and what its thread needs for a transaction: some 66,000
// short transactions a second through one process, published benchmarks.
constexpr uint32_t kDefaultPoolSize = 20;
constexpr uint32_t kDefaultMaxClients = 100;
constexpr double kDefaultQueryWaitSeconds = 120;
constexpr double kPriorPoolerQuerySeconds = 15e-6;
constexpr double kAssumedRestartSeconds = 10;
constexpr double kAssumedPromotionSeconds = 5;

}  // namespace

absl::Status SystemCompiler::Database() {
  if (uses_database_ && deployment_.database().cores_millicores() == 0) {
    return Bad(
        "database.cores_millicores: missing, and the profile has database demands: the "
        "database's CPU limit must be known");
  }
  Contention();
  Connections();
  Memory();
  Storage();
  if (absl::Status status = Flushes(); !status.ok()) return status;
  if (absl::Status status = Commits(); !status.ok()) return status;
  return Pooler();
}

void SystemCompiler::Contention() {
  const model::DatabaseProfile& profile = profile_.database();
  DatabaseModel& model = system_.database;
  model.cores = std::max(0.001, deployment_.database().cores_millicores() / 1000.0);
  model.sigma = std::max(0.0, profile.contention_sigma());
  model.kappa = std::max(0.0, profile.contention_kappa());
  if (model.sigma == 0 && model.kappa == 0) {
    Warn("database contention: the profile gives no curve, cores are shared without loss");
  } else if (profile.contention_source() != "measured") {
    Warn("database contention curve is a prior: " + profile.contention_source());
  }
}

// What is left of max_connections for the API.
void SystemCompiler::Connections() {
  const model::Database& database = deployment_.database();
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
  DatabaseModel& model = system_.database;
  model.usable_connections = maximum > others ? static_cast<uint32_t>(maximum - others) : 0;
  model.connect = std::max(0.0, profile_.database().connect_seconds()) * 1e9;
}

absl::Status SystemCompiler::Flushes() {
  const model::DatabaseProfile& profile = profile_.database();
  DatabaseModel& model = system_.database;
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
  return absl::OkStatus();
}

// Of backends and shared buffers; after Connections().
void SystemCompiler::Memory() {
  const model::Database& database = deployment_.database();
  DatabaseModel& model = system_.database;
  model.connection_bytes = std::max(0.0, profile_.database().memory_per_connection_bytes());
  model.shared_bytes = static_cast<double>(database.shared_buffers_bytes());
  model.memory_bytes = static_cast<double>(database.memory_bytes());
  const double needed = model.shared_bytes + model.usable_connections * model.connection_bytes;
  if (model.memory_bytes <= 0 || needed <= model.memory_bytes) return;
  Warn(absl::StrCat("database memory: ", model.usable_connections, " connections x ",
                    static_cast<int64_t>(model.connection_bytes / 1048576), " MiB + ",
                    static_cast<int64_t>(model.shared_bytes / 1048576),
                    " MiB shared buffers are more than its ",
                    static_cast<int64_t>(model.memory_bytes / 1048576),
                    " MiB: it would be killed before max_connections is reached"));
}

void SystemCompiler::Storage() {
  const model::DatabaseProfile& profile = profile_.database();
  DatabaseModel& model = system_.database;
  model.wal_bytes_per_write = profile.wal_bytes_per_write();
  model.wal_bytes_per_audit = profile.wal_bytes_per_audit_record();
  model.storage_bytes_per_write = profile.storage_bytes_per_write();
  model.storage_bytes_per_audit = profile.storage_bytes_per_audit_record();
  model.storage_bytes = static_cast<double>(deployment_.database().storage_bytes());
}

absl::Status SystemCompiler::Commits() {
  const model::Database& database = deployment_.database();
  DatabaseModel& model = system_.database;
  if (database.commit_wait() != "" && database.commit_wait() != "off") {
    return Bad("database.commit_wait: expected off or nothing, found " + database.commit_wait());
  }
  model.commit_waits = database.commit_wait() != "off";
  model.standbys = database.standbys();
  model.synchronous_standby = database.synchronous_standby();
  if (model.synchronous_standby && model.standbys == 0) {
    return Bad(
        "database.synchronous_standby: there is no standby (database.standbys is 0): every commit "
        "would wait for ever");
  }
  model.standby_round_trip = ToNanos(database.standby_round_trip_seconds());
  if (model.synchronous_standby && model.standby_round_trip == 0) {
    Warn("database.standby_round_trip_seconds not given: as between server and database");
    model.standby_round_trip = ToNanos(profile_.redis().network_round_trip_seconds());
  }
  model.standby_flush = database.standby_flush_seconds() > 0
                            ? ToNanos(database.standby_flush_seconds())
                            : model.flush;
  if (database.failover_detection_seconds() > 0) {
    double promotion = database.failover_promotion_seconds();
    if (promotion <= 0) {
      promotion = kAssumedPromotionSeconds;
      if (!options_.faults.empty())
        Warn("database.failover_promotion_seconds not given: 5 assumed");
    }
    model.promotion_after = ToNanos(database.failover_detection_seconds() + promotion);
  }
  model.restart =
      ToNanos(database.restart_seconds() > 0 ? database.restart_seconds() : kAssumedRestartSeconds);
  if (database.restart_seconds() <= 0 && !options_.faults.empty()) {
    Warn("database.restart_seconds not given: 10 assumed");
  }
  return absl::OkStatus();
}

absl::Status SystemCompiler::Pooler() {
  const model::Database& database = deployment_.database();
  DatabaseModel& model = system_.database;
  if (database.pooler().empty()) return absl::OkStatus();
  if (database.pooler() != "session" && database.pooler() != "transaction") {
    return Bad("database.pooler: expected session or transaction, found " + database.pooler());
  }
  model.pooled = true;
  model.pooler_session = database.pooler() == "session";
  model.pooler_processes = database.pooler_processes();
  for (const model::Workload& workload : deployment_.workloads()) {
    if (database.pooler_processes() == 0 && workload.role() == "pooler") {
      model.pooler_processes += std::max(1u, workload.replicas());
    }
  }
  model.pooler_processes = std::clamp(model.pooler_processes, 1u, 1000u);
  model.pooler_pool_size = database.pooler_pool_size();
  if (model.pooler_pool_size == 0) {
    model.pooler_pool_size = kDefaultPoolSize;
    Warn("database.pooler_pool_size not given: PgBouncer's default of 20");
  }
  model.pooler_max_clients = database.pooler_max_client_connections();
  if (model.pooler_max_clients == 0) {
    model.pooler_max_clients = kDefaultMaxClients;
    Warn("database.pooler_max_client_connections not given: PgBouncer's default of 100");
  }
  model.pooler_query_wait =
      ToNanos(database.pooler_query_wait_seconds() > 0 ? database.pooler_query_wait_seconds()
                                                       : kDefaultQueryWaitSeconds);
  double query = profile_.database().pooler_query_seconds();
  if (query <= 0) {
    query = kPriorPoolerQuerySeconds;
    Warn(
        "PgBouncer's CPU per transaction is a prior: 15 us (profile "
        "database.pooler_query_seconds)");
  }
  model.pooler_query = ToNanos(query);
  const uint64_t wanted = uint64_t{model.pooler_processes} * model.pooler_pool_size;
  if (wanted > model.usable_connections) {
    Warn(absl::StrCat("PgBouncer's pools want ", wanted, " server connections of ",
                      model.usable_connections, " usable"));
  }
  return absl::OkStatus();
}

}  // namespace simulator
