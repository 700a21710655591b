// Requests per second through Database, one Sync each, by pipeline depth and number of connections.
//
//   bazel run //server/postgres:pipeline_benchmark
//
// Starts a private PostgreSQL and uses one thread for the client. Each request is a clinic's read
// by primary key: the tenant's set_config and one SELECT. `items_per_second` is requests per
// second; `statements` counts the set_config as well. To use a running server instead:

#include <benchmark/benchmark.h>

#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/process_cpu.h"
#include "base/task.h"
#include "devstack/stack.h"
#include "server/postgres/database.h"

namespace server {
namespace {

constexpr int kRows = 100000;
constexpr int kInFlightPerConnection = 64;
constexpr char kClinic[] = "00000000-0000-4000-8000-000000000001";

constexpr Statement kRead{"benchmark_read",
                          "SELECT filler FROM praxis_benchmark WHERE id = $1::int"};

// Keeps `wanted` requests in flight until `left` are answered.
struct Hammer {
  Database& database;
  boost::asio::io_context& loop;
  int64_t left;
  int64_t failed = 0;
  int running = 0;
  uint32_t key = 1;

  base::Task<> Client() {
    while (left > 0) {
      --left;
      key = key * 1664525u + 1013904223u;
      Segment segment = Segment::Read(kClinic);
      segment.Add(kRead, {absl::StrCat(1 + (key >> 8) % kRows)});
      const auto deadline = Database::Clock::now() + std::chrono::seconds(30);
      const auto result = co_await database.Run(std::move(segment), deadline, nullptr);
      if (!result.ok() || result->at(0).size() != 1) ++failed;
    }
    if (--running == 0) loop.stop();
  }
};

devstack::Stack* postgres = nullptr;

double PostgresCpu() {
  const auto nanos = base::ProcessTreeCpuNanos(postgres->postgres_pid());
  return nanos.ok() ? static_cast<double>(*nanos) : 0;
}
double OwnCpu() {
  const auto nanos = base::ProcessCpuNanos(getpid());
  return nanos.ok() ? static_cast<double>(*nanos) : 0;
}

void BM_Requests(benchmark::State& state) {
  DatabaseOptions options;
  options.url = postgres->database_url();
  options.connections = static_cast<int>(state.range(0));
  options.pipeline_depth = static_cast<int>(state.range(1));
  boost::asio::io_context loop(1);
  Database database(loop, options);
  database.Start();
  while (database.connected() < options.connections) loop.run_one();
  int64_t failed = 0;
  constexpr int64_t kBatch = 20000;
  const double own_before = OwnCpu();
  const double postgres_before = PostgresCpu();
  for (auto _ : state) {
    Hammer hammer{database, loop, kBatch};
    hammer.running = options.connections * std::max(options.pipeline_depth, 1);
    hammer.running = std::min(hammer.running, options.connections * kInFlightPerConnection);
    const int clients = hammer.running;
    for (int i = 0; i < clients; ++i) base::Spawn(hammer.Client());
    loop.restart();
    loop.run();
    failed += hammer.failed;
  }
  if (failed > 0) state.SkipWithError("requests failed");
  const auto requests = static_cast<double>(state.iterations() * kBatch);
  state.SetItemsProcessed(state.iterations() * kBatch);
  state.counters["client_us"] = (OwnCpu() - own_before) / requests / 1e3;
  state.counters["postgres_us"] = (PostgresCpu() - postgres_before) / requests / 1e3;
}
BENCHMARK(BM_Requests)
    ->ArgNames({"connections", "depth"})
    ->ArgsProduct({{2}, {1, 16, 64}})
    ->Args({16, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void Fill() {
  pqxx::connection connection(postgres->database_url());
  pqxx::nontransaction transaction(connection);
  transaction.exec("DROP TABLE IF EXISTS praxis_benchmark");
  transaction.exec(
      absl::StrCat("CREATE TABLE praxis_benchmark AS SELECT id, repeat('x', 80) AS filler FROM ",
                   "generate_series(1, ", kRows, ") AS id"));
  transaction.exec("ALTER TABLE praxis_benchmark ADD PRIMARY KEY (id)");
  transaction.exec("ANALYZE praxis_benchmark");
}

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  devstack::StackOptions options;
  options.with_redis = false;
  auto stack = devstack::Stack::Start(options);
  if (!stack.ok()) {
    std::fprintf(stderr, "%s\n", stack.status().ToString().c_str());
    return 1;
  }
  postgres = stack->get();
  Fill();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace server

int main(int argc, char** argv) { return server::Main(argc, argv); }
