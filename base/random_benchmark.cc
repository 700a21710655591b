#include "base/random.h"
#include "benchmark/benchmark.h"

namespace base {
namespace {

void BM_NextU64(benchmark::State& state) {
  RandomStream stream(1, 0, "benchmark", "u64");
  for (auto _ : state) benchmark::DoNotOptimize(stream.NextU64());
}
BENCHMARK(BM_NextU64);

void BM_Exponential(benchmark::State& state) {
  RandomStream stream(1, 0, "benchmark", "exponential");
  for (auto _ : state) benchmark::DoNotOptimize(stream.Exponential(1.0));
}
BENCHMARK(BM_Exponential);

void BM_Construct(benchmark::State& state) {
  uint64_t index = 0;
  for (auto _ : state) {
    RandomStream stream(1, 0, "benchmark", "construct", ++index);
    benchmark::DoNotOptimize(stream.NextU64());
  }
}
BENCHMARK(BM_Construct);

}  // namespace
}  // namespace base

BENCHMARK_MAIN();
