#include "server/server.h"

#include <sodium.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/listener.h"
#include "base/paths.h"
#include "base/ports.h"
#include "base/supervisor.h"
#include "devstack/stack.h"
#include "server/auth/password.h"
#include "server/auth/token.h"
#include "server/connection_budget.h"
#include "server/metrics/metrics.h"
#include "server/redis/reachable.h"
#include "server/redis/redis_cluster.h"
#include "server/schema/schema.h"
#include "server/worker.h"

namespace server {
namespace {

struct Dependencies {
  std::unique_ptr<devstack::Stack> stack;  // null when both URLs were given
  std::string database_url;
  std::string redis_url;
};

absl::StatusOr<base::PortClaim> ClaimPort(const ServerOptions& options) {
  if (options.port != 0) return base::ClaimPort(options.host, options.port);
  absl::StatusOr<std::vector<base::PortClaim>> claims = base::ClaimFreePorts(1);
  if (!claims.ok()) return claims.status();
  return std::move(claims->front());
}

absl::StatusOr<Dependencies> StartDependencies(const ServerOptions& options) {
  Dependencies dependencies;
  dependencies.database_url = options.database_url;
  dependencies.redis_url = options.redis_url;
  devstack::StackOptions stack;
  stack.data_dir = options.data_dir + "/stack";
  stack.with_postgres = options.database_url.empty();
  stack.with_redis = options.cache == "on" && options.redis_url.empty();
  if (!stack.with_postgres && !stack.with_redis) return dependencies;
  std::fprintf(stderr, "starting a private %s under %s\n",
               !stack.with_redis      ? "PostgreSQL"
               : !stack.with_postgres ? "Redis Cluster"
                                      : "PostgreSQL and Redis Cluster",
               stack.data_dir.c_str());
  absl::StatusOr<std::unique_ptr<devstack::Stack>> started = devstack::Stack::Start(stack);
  if (!started.ok()) return started.status();
  dependencies.stack = *std::move(started);
  if (stack.with_postgres) dependencies.database_url = dependencies.stack->database_url();
  if (stack.with_redis) dependencies.redis_url = dependencies.stack->redis_url();
  return dependencies;
}

// A running server does without Redis; one that starts without it was most likely misdirected.
absl::Status CheckRedisUrl(const std::string& redis_url) {
  if (redis_url.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<std::string>> seeds = RedisCluster::ParseSeeds(redis_url);
  const absl::Status status =
      seeds.ok() ? CheckRedisReachable(*seeds, absl::Seconds(1)) : seeds.status();
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("--redis_url: ", status.message(),
                                   "; name nodes of a running Redis Cluster, or leave the flag out "
                                   "for a private one"));
}

absl::StatusOr<bool> IsOwner(const std::string& url) {
  try {
    pqxx::connection connection(url);
    pqxx::work transaction(connection);
    return transaction.exec1("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")[0]
        .as<bool>();
  } catch (const std::exception& error) {
    std::string text = error.what();
    for (char& c : text) {
      if (c == '\n') c = ' ';
    }
    return absl::UnavailableError(absl::StrCat("--database_url: ", text));
  }
}

// Servers that share a key must agree on the application role's password: it is derived.
std::string AppPassword(const SigningKey& key) {
  constexpr std::string_view kPurpose = "praxis_app password";
  unsigned char hash[24];
  crypto_generichash(hash, sizeof(hash), reinterpret_cast<const unsigned char*>(kPurpose.data()),
                     kPurpose.size(), reinterpret_cast<const unsigned char*>(key.secret.data()),
                     key.secret.size());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash), sizeof(hash)));
}

// The URL of the role that requests run as. Given the owner's URL, migrates and seeds first; given
// another role's, takes the database as it is.
absl::StatusOr<std::string> PrepareDatabase(const ServerOptions& options, const SigningKey& key,
                                            const Dependencies& dependencies) {
  ConnectionBudget budget;
  budget.pods = options.pods;
  budget.workers = options.workers;
  budget.connections_per_worker = options.database_connections + 1;
  if (absl::Status status = ReadSettings(dependencies.database_url, &budget); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckBudget(budget); !status.ok()) return status;
  absl::StatusOr<bool> owner = IsOwner(dependencies.database_url);
  if (!owner.ok()) return owner.status();
  if (!*owner) {
    if (options.seed) {
      return absl::FailedPreconditionError(
          "--seed: the role of --database_url may not seed; give a superuser's URL");
    }
    return dependencies.database_url;
  }
  absl::StatusOr<int> applied = Migrate(dependencies.database_url);
  if (!applied.ok()) return applied.status();
  if (*applied > 0) std::fprintf(stderr, "applied %d migrations\n", *applied);
  if (options.seed && options.seed_clinics > 0) {
    model::CatalogueSizes sizes;
    sizes.clinics = options.seed_clinics;
    sizes.doctors_per_clinic = options.seed_doctors_per_clinic;
    sizes.patients_per_clinic = options.seed_patients_per_clinic;
    sizes.receptionists_per_clinic = options.seed_receptionists_per_clinic;
    if (absl::Status status = Seed(dependencies.database_url, sizes); !status.ok()) return status;
  }
  absl::StatusOr<std::string> url = SharedAppRoleUrl(dependencies.database_url, AppPassword(key));
  if (absl::IsFailedPrecondition(url.status())) {
    return absl::FailedPreconditionError(
        "--database_url: servers with another signing key use this database; give this one theirs "
        "by --signing_key_file, or stop them first");
  }
  return url;
}

// Without the private PostgreSQL nothing can be served, and nobody would start it again: the server
// ends. Without Redis it is only slower.
absl::Status CheckStack(devstack::Stack& stack, bool* redis_lost) {
  if (stack.postgres() != nullptr) {
    if (absl::Status status = stack.postgres()->CheckAlive(); !status.ok()) return status;
  }
  if (*redis_lost || stack.redis() == nullptr) return absl::OkStatus();
  if (absl::Status status = stack.redis()->CheckAlive(); !status.ok()) {
    *redis_lost = true;
    std::fprintf(stderr, "%s; serving without it, a restart brings it back\n",
                 std::string(status.message()).c_str());
  }
  return absl::OkStatus();
}

absl::Status WriteServerFile(const ServerOptions& options, const Dependencies& dependencies,
                             const std::string& key_file, int port) {
  boost::json::array redis_pids;
  int64_t postgres_pid = -1;
  if (dependencies.stack != nullptr) {
    for (pid_t pid : dependencies.stack->redis_pids()) redis_pids.push_back(int64_t{pid});
    postgres_pid = dependencies.stack->postgres_pid();
  }
  const boost::json::object file = {{"port", port},
                                    {"pid", static_cast<int64_t>(getpid())},
                                    {"database_url", dependencies.database_url},
                                    {"redis_url", dependencies.redis_url},
                                    {"postgres_pid", postgres_pid},
                                    {"redis_pids", redis_pids},
                                    {"signing_key_file", key_file}};
  // It holds a database URL with a password.
  return base::WriteFile(options.data_dir + "/server.json", boost::json::serialize(file) + "\n",
                         0600);
}

// All but the counters.
absl::StatusOr<WorkerConfig> MakeWorkerConfig(const ServerOptions& options, const SigningKey& key,
                                              const Dependencies& dependencies) {
  absl::StatusOr<std::string> app_url = PrepareDatabase(options, key, dependencies);
  if (!app_url.ok()) return app_url.status();
  absl::StatusOr<std::string> decoy_hash = HashPassword("decoy");
  if (!decoy_hash.ok()) return decoy_hash.status();
  WorkerConfig config;
  config.options = options;
  config.app_database_url = *app_url;
  if (options.cache == "on") {
    auto seeds = RedisCluster::ParseSeeds(dependencies.redis_url);
    if (!seeds.ok()) return seeds.status();
    config.redis_seeds = *seeds;
  }
  config.key = key;
  config.decoy_hash = *decoy_hash;
  return config;
}

}  // namespace

absl::Status RunServer(const ServerOptions& options) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  if (sodium_init() < 0) return absl::InternalError("libsodium does not start");
  std::error_code error;
  std::filesystem::create_directories(options.data_dir, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat(options.data_dir, ": ", error.message()));
  }
  absl::StatusOr<base::PortClaim> claim = ClaimPort(options);
  if (!claim.ok()) return claim.status();
  const int port = claim->port();
  const std::string key_file = options.signing_key_file.empty()
                                   ? options.data_dir + "/signing_key.json"
                                   : options.signing_key_file;
  absl::StatusOr<SigningKey> key = LoadOrCreateSigningKey(key_file);
  if (!key.ok()) return key.status();
  if (absl::Status status = CheckRedisUrl(options.redis_url); !status.ok()) return status;
  absl::StatusOr<Dependencies> dependencies = StartDependencies(options);
  if (!dependencies.ok()) return dependencies.status();
  absl::StatusOr<WorkerConfig> config = MakeWorkerConfig(options, *key, *dependencies);
  if (!config.ok()) return config.status();

  base::CounterLayout layout = Metrics::Layout();
  const size_t ready_cell = layout.AddGauge("ready");
  absl::StatusOr<base::SharedCounters> counters =
      base::SharedCounters::Create(layout, options.workers);
  if (!counters.ok()) return counters.status();

  config->counters = &*counters;
  config->ready_cell = ready_cell;

  base::SupervisorOptions supervisor;
  supervisor.workers = options.workers;
  supervisor.counters = &*counters;
  supervisor.drain_deadline =
      absl::Seconds(options.drain_delay_seconds + options.drain_deadline_seconds + 2);
  supervisor.make_listener = [&](int) {
    return base::CreateListener({.host = options.host, .port = port, .reuse_port = true});
  };
  bool announced = false;
  bool redis_lost = false;
  supervisor.on_tick = [&]() -> absl::Status {
    if (dependencies->stack != nullptr) {
      if (absl::Status status = CheckStack(*dependencies->stack, &redis_lost); !status.ok()) {
        return status;
      }
    }
    if (announced || counters->Sum(ready_cell) < static_cast<uint64_t>(options.workers)) {
      return absl::OkStatus();
    }
    announced = true;
    std::printf("listening on http://%s:%d\n", options.host.c_str(), port);
    std::fflush(stdout);
    return WriteServerFile(options, *dependencies, key_file, port);
  };
  const absl::Status status = base::Supervise(
      supervisor, [&](const base::WorkerContext& context) { return RunWorker(*config, context); });
  if (announced) std::filesystem::remove(options.data_dir + "/server.json", error);
  return status;
}

}  // namespace server
