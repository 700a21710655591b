#include <gflags/gflags.h>
#include <glog/logging.h>

#include <cstdio>

#include "base/paths.h"
#include "server/options.h"
#include "server/server.h"

DEFINE_string(host, "127.0.0.1", "IPv4 address to listen on; 0.0.0.0 for all");
DEFINE_int32(port, 8088, "port to listen on; 0 picks a free one");
DEFINE_int32(workers, 2, "worker processes");
DEFINE_string(data_dir, "/var/tmp/praxis",
              "folder for the signing key, the access log and the private databases");
DEFINE_string(signing_key_file, "",
              "file with the key of tokens, made when missing (default: signing_key.json in "
              "--data_dir)");
DEFINE_string(database_url, "",
              "PostgreSQL; a superuser's URL is used to migrate, requests run as praxis_app. "
              "Empty: a private PostgreSQL under --data_dir");
DEFINE_string(redis_url, "",
              "Redis Cluster, host:port[,host:port..]. Empty: a private one under --data_dir");
DEFINE_string(cache, "on", "off: no Redis, every record is read from the database");
DEFINE_int32(database_connections, 2, "connections per worker for requests (audit has one more)");
DEFINE_int32(pipeline_depth, 64, "requests in flight per connection; 1 turns pipelining off");
DEFINE_int32(pods, 1, "servers like this one on the same database, for the connection budget");
DEFINE_int32(blocking_threads, 1, "threads per worker for password hashing");
DEFINE_int32(max_connections, 0, "clients per worker; 0: what the process may open");
DEFINE_int32(idle_timeout_seconds, 300, "an idle keep-alive connection is closed after this");
DEFINE_int32(drain_delay_seconds, 0, "after SIGTERM, still accept for this long while not ready");
DEFINE_int32(drain_deadline_seconds, 10, "then let requests in flight finish for this long");
DEFINE_bool(seed, false,
            "insert the demonstration's clinics into the database of --database_url too (the "
            "private one always has them)");
DEFINE_int32(seed_clinics, 20, "clinics to seed; giving this flag implies --seed; 0: none");
DEFINE_int32(seed_doctors_per_clinic, 5, "doctors per seeded clinic");
DEFINE_int32(seed_patients_per_clinic, 500, "patients per seeded clinic");
DEFINE_int32(seed_receptionists_per_clinic, 2, "receptionists per seeded clinic");

namespace {

std::string Resolved(const std::string& path) {
  return path.empty() ? path : base::ResolvePath(path);
}

server::ServerOptions OptionsFromFlags() {
  server::ServerOptions options;
  options.host = FLAGS_host;
  options.port = FLAGS_port;
  options.workers = FLAGS_workers;
  options.data_dir = Resolved(FLAGS_data_dir);
  options.signing_key_file = Resolved(FLAGS_signing_key_file);
  options.database_url = FLAGS_database_url;
  options.redis_url = FLAGS_redis_url;
  options.cache = FLAGS_cache;
  options.database_connections = FLAGS_database_connections;
  options.pipeline_depth = FLAGS_pipeline_depth;
  options.pods = FLAGS_pods;
  options.blocking_threads = FLAGS_blocking_threads;
  options.max_connections = FLAGS_max_connections;
  options.idle_timeout_seconds = FLAGS_idle_timeout_seconds;
  options.drain_delay_seconds = FLAGS_drain_delay_seconds;
  options.drain_deadline_seconds = FLAGS_drain_deadline_seconds;
  options.seed = FLAGS_seed || FLAGS_database_url.empty() ||
                 !gflags::GetCommandLineFlagInfoOrDie("seed_clinics").is_default;
  options.seed_clinics = FLAGS_seed_clinics;
  options.seed_doctors_per_clinic = FLAGS_seed_doctors_per_clinic;
  options.seed_patients_per_clinic = FLAGS_seed_patients_per_clinic;
  options.seed_receptionists_per_clinic = FLAGS_seed_receptionists_per_clinic;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage(
      "the healthcare API server\n"
      "  server                                   with a private PostgreSQL and Redis Cluster\n"
      "  server --database_url URL --redis_url HOST:PORT,...");
  FLAGS_logtostderr = true;
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  if (argc > 1) {
    std::fprintf(stderr, "server: unexpected argument '%s'; --help lists the flags\n", argv[1]);
    return 2;
  }
  const absl::Status status = server::RunServer(OptionsFromFlags());
  if (status.ok()) return 0;
  std::fprintf(stderr, "server: %s\n", std::string(status.message()).c_str());
  return 1;
}
