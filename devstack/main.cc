// Starts the private PostgreSQL and Redis Cluster, prints their URLs, waits for Ctrl-C.
//
//   ./tools/bazel run //devstack                          temporary, gone afterwards
//   ./tools/bazel run //devstack -- --data_dir=/var/tmp/praxis   keeps its data

#include <cstdio>
#include <string>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/signals.h"
#include "devstack/stack.h"
#include "gflags/gflags.h"

DEFINE_string(data_dir, "", "where the data lives; empty: a temporary folder, deleted at the end");
DEFINE_int32(max_connections, 100, "PostgreSQL's max_connections");
DEFINE_string(shared_buffers, "128MB", "PostgreSQL's shared_buffers");

namespace {

int Run() {
  const base::StopSignals stop;
  devstack::StackOptions options;
  options.data_dir = FLAGS_data_dir;
  options.postgres.max_connections = FLAGS_max_connections;
  options.postgres.shared_buffers = FLAGS_shared_buffers;
  options.cancelled = [&] { return stop.Pending(); };
  const absl::Time begin = absl::Now();
  auto stack = devstack::Stack::Start(options);
  if (!stack.ok()) {
    fprintf(stderr, "devstack: %s\n", std::string(stack.status().message()).c_str());
    return 1;
  }
  printf("database_url=%s\nredis_url=%s\npostgres_pid=%d\nredis_pids=%s\ndata_dir=%s\n",
         (*stack)->database_url().c_str(), (*stack)->redis_url().c_str(), (*stack)->postgres_pid(),
         absl::StrJoin((*stack)->redis_pids(), ",").c_str(), (*stack)->data_dir().c_str());
  printf("ready after %.1f s; Ctrl-C ends it\n", absl::ToDoubleSeconds(absl::Now() - begin));
  fflush(stdout);
  while (stop.Wait(absl::Milliseconds(500)) == 0) {
    if (absl::Status status = (*stack)->CheckAlive(); !status.ok()) {
      fprintf(stderr, "devstack: %s\n", std::string(status.message()).c_str());
      return 1;
    }
  }
  return (*stack)->Stop().ok() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("private PostgreSQL 15 and Redis Cluster until Ctrl-C");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  return Run();
}
