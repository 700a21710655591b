#include "benchmark/benchmark.h"
#include "simulator/engine/test_inputs.h"

// Whole path, one replication on one core: simulated requests per second of CPU. Run from the
// repository's root: ./tools/bazel run //simulator/engine:path_benchmark finds testdata/ in its
// runfiles.
namespace simulator {
namespace {

void BM_Path(benchmark::State& state) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.users = static_cast<uint64_t>(state.range(0));
  inputs.options.fixed_pods = static_cast<uint32_t>(state.range(1));
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 3e6 / static_cast<double>(state.range(0));
  inputs.options.replications = 1;
  if (state.range(2) != 0) {  // a law without memory's shortcut: one timer per user in the wheel
    inputs.scenario.mutable_think_time()->mutable_erlang()->set_phases(2);
    inputs.scenario.mutable_think_time()->mutable_erlang()->set_mean_seconds(10);
  }
  uint64_t requests = 0;
  uint64_t events = 0;
  for (auto _ : state) {
    const auto results = inputs.Run();
    if (!results.ok()) return state.SkipWithError(results.status().ToString().c_str());
    requests += results->front().requests;
    events += results->front().kernel_events;
  }
  state.SetItemsProcessed(static_cast<int64_t>(requests));
  state.counters["events"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_Path)
    ->ArgNames({"users", "pods", "wheel"})
    ->Args({10000, 5, 0})
    ->Args({1000000, 50, 0})
    ->Args({1000000, 50, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace simulator

BENCHMARK_MAIN();
