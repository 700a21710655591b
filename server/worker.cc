#include "server/worker.h"

#include <glog/logging.h>
#include <sodium.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/random.h"
#include "server/access_log.h"
#include "server/appointments/handlers.h"
#include "server/audit/audit_log.h"
#include "server/auth/access_verifier.h"
#include "server/auth/revocations.h"
#include "server/blocking_pool/blocking_pool.h"
#include "server/cache/record_cache.h"
#include "server/context.h"
#include "server/dispatcher.h"
#include "server/ehr/handlers.h"
#include "server/http/http_server.h"
#include "server/metrics/metrics.h"
#include "server/postgres/database.h"
#include "server/redis/redis_cluster.h"
#include "server/sessions/handlers.h"
#include "server/sessions/revocation_feed.h"
#include "server/sessions/session_service.h"

namespace server {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kHouseKeeping{100};
constexpr int kLogFlushTurns = 10;

uint64_t FreshSeed() {
  uint64_t seed = 0;
  randombytes_buf(&seed, sizeof(seed));
  return seed;
}

DatabaseOptions DatabaseFor(const WorkerConfig& config) {
  DatabaseOptions options;
  options.url = config.app_database_url;
  options.connections = config.options.database_connections;
  options.pipeline_depth = config.options.pipeline_depth;
  return options;
}

RedisOptions RedisFor(const WorkerConfig& config) {
  RedisOptions options;
  options.seeds = config.redis_seeds;
  return options;
}

HttpOptions HttpFor(const ServerOptions& options) {
  HttpOptions http;
  http.max_connections = options.max_connections;
  http.idle_timeout = options.idle_timeout_seconds * base::kNanosPerSecond;
  return http;
}

// The parts of a worker, in the order they need each other.
class Worker {
 public:
  Worker(const WorkerConfig& config, const base::WorkerContext& context);

  int Run();

 private:
  void BindHandlers();
  void KeepHouse();
  bool Ready() const;
  Response Health() const;
  void Drain();
  void FinishDrain(std::chrono::steady_clock::time_point deadline);

  const WorkerConfig& config_;
  const base::Clock& clock_ = base::RealClock::Get();
  asio::io_context loop_{1};
  base::CounterSlot slot_;
  Metrics metrics_;
  AccessLog log_;
  Revocations revocations_;
  AccessVerifier verifier_;
  Database database_;
  AuditLog audit_;
  RedisCluster redis_;
  RecordCache cache_;
  BlockingPool blocking_pool_;
  SessionService sessions_;
  RevocationFeed feed_;
  Services services_;
  Dispatcher dispatcher_;
  HttpServer http_;
  asio::signal_set signals_;
  asio::steady_timer house_;
  asio::steady_timer drain_;
  int turns_ = 0;
  bool draining_ = false;
};

Worker::Worker(const WorkerConfig& config, const base::WorkerContext& context)
    : config_(config),
      slot_(config.counters->slot(context.index)),
      metrics_(*config.counters, context.index),
      log_(context.index),
      verifier_(config.key, revocations_, clock_),
      database_(loop_, DatabaseFor(config)),
      audit_(loop_, DatabaseFor(config)),
      redis_(loop_, RedisFor(config)),
      cache_(config.options.cache == "on" ? &redis_ : nullptr, config.key.secret),
      blocking_pool_(loop_, config.options.blocking_threads),
      sessions_(config.key, config.decoy_hash, database_, blocking_pool_, revocations_, clock_),
      feed_(loop_, database_, revocations_, clock_),
      services_{.database = &database_,
                .cache = &cache_,
                .audit = &audit_,
                .blocking_pool = &blocking_pool_,
                .sessions = &sessions_},
      dispatcher_(services_, metrics_, &verifier_, &log_, clock_,
                  base::RandomStream(FreshSeed(), 0, "server", "request_id")),
      http_(loop_, context.listener_fd, dispatcher_, &Dispatcher::BodyLimit, clock_,
            HttpFor(config.options)),
      signals_(loop_, SIGTERM),
      house_(loop_),
      drain_(loop_) {
  const std::string log_file =
      absl::StrCat(config.options.data_dir, "/access-", context.index, ".log");
  if (absl::Status status = log_.Open(log_file); !status.ok()) LOG(ERROR) << status.message();
}

bool Worker::Ready() const {
  return !draining_ && database_.connected() > 0 && revocations_.Known(clock_.Now());
}

Response Worker::Health() const {
  const bool database = database_.connected() > 0;
  const bool cached = config_.options.cache == "on";
  const bool redis = redis_.ready();
  return OkJson(absl::StrCat(
      R"({"status":")", database && (redis || !cached) ? "healthy" : "degraded",
      R"(","services":{"api":"up","database":")", database ? "up" : "down", R"(","redis":")",
      !cached ? "off"
      : redis ? "up"
              : "down",
      R"("}})"));
}

void Worker::BindHandlers() {
  dispatcher_.BindLocal("health.live", [] { return OkJson(R"({"status":"up"})"); });
  dispatcher_.BindLocal("health", [this] { return Health(); });
  dispatcher_.BindLocal("health.ready", [this] {
    if (Ready()) return OkJson(R"({"status":"ready"})");
    return ErrorResponse(503, "NOT_READY",
                         draining_ ? "this server is shutting down" : "the database is away");
  });
  dispatcher_.BindLocal("metrics", [this] {
    metrics_.Publish();
    Response response = OkJson(metrics_.Render());
    response.plain_content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  });
  dispatcher_.Bind("auth.login", &HandleLogin);
  dispatcher_.Bind("auth.refresh", &HandleRefresh);
  dispatcher_.Bind("auth.logout", &HandleLogout);
  dispatcher_.Bind("appointments.availability", &HandleAvailability);
  dispatcher_.Bind("appointments.create", &HandleCreateAppointment);
  dispatcher_.Bind("appointments.list", &HandleListAppointments);
  dispatcher_.Bind("appointments.mine", &HandleMyAppointments);
  dispatcher_.Bind("appointments.get", &HandleGetAppointment);
  dispatcher_.Bind("appointments.cancel", &HandleCancelAppointment);
  dispatcher_.Bind("ehr.comprehensive", &HandleComprehensiveRecord);
  dispatcher_.Bind("ehr.add_vitals", &HandleAddVitals);
  dispatcher_.SetReadAudit(
      [this](AuditEntry entry, Database::TimePoint deadline, RequestCost* cost) {
        return audit_.RecordRead(std::move(entry), deadline, cost);
      });
}

void Worker::KeepHouse() {
  house_.expires_after(kHouseKeeping);
  house_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    slot_.Set(config_.ready_cell, Ready() ? 1 : 0);
    metrics_.SetConnections(http_.connections());
    metrics_.Publish();
    if (++turns_ % kLogFlushTurns == 0) log_.Flush();
    KeepHouse();
  });
}

void Worker::Drain() {
  draining_ = true;
  slot_.Set(config_.ready_cell, 0);
  http_.AnnounceClose();
  drain_.expires_after(std::chrono::seconds(config_.options.drain_delay_seconds));
  drain_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    http_.StopAccepting();
    FinishDrain(std::chrono::steady_clock::now() +
                std::chrono::seconds(config_.options.drain_deadline_seconds));
  });
}

void Worker::FinishDrain(std::chrono::steady_clock::time_point deadline) {
  const bool late = std::chrono::steady_clock::now() >= deadline;
  if (http_.in_flight() == 0 || late) {
    if (late) LOG(WARNING) << "stopping with " << http_.in_flight() << " requests in flight";
    loop_.stop();
    return;
  }
  drain_.expires_after(std::chrono::milliseconds(20));
  drain_.async_wait([this, deadline](const boost::system::error_code& error) {
    if (!error) FinishDrain(deadline);
  });
}

int Worker::Run() {
  BindHandlers();
  if (absl::Status status = dispatcher_.CheckComplete(); !status.ok()) {
    LOG(ERROR) << status.message();
    return 1;
  }
  database_.Start();
  audit_.Start();
  if (config_.options.cache == "on") redis_.Start();
  feed_.Start();
  if (absl::Status status = http_.Start(); !status.ok()) {
    LOG(ERROR) << status.message();
    return 1;
  }
  KeepHouse();
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) Drain();
  });
  loop_.run();
  metrics_.Publish();
  metrics_.SetConnections(0);
  log_.Flush();
  return 0;
}

}  // namespace

int RunWorker(const WorkerConfig& config, const base::WorkerContext& context) {
  auto worker = std::make_unique<Worker>(config, context);
  const int code = worker->Run();
  // The process ends by _exit; destroying coroutines that wait would only cost time.
  static_cast<void>(worker.release());
  return code;
}

}  // namespace server
