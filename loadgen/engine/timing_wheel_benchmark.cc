#include <random>
#include <vector>

#include "benchmark/benchmark.h"
#include "loadgen/engine/timing_wheel.h"

namespace loadgen {
namespace {

// The hold model: take the first of N pending items out and put it back a random time later.
void BM_Hold(benchmark::State& state) {
  const uint32_t pending = static_cast<uint32_t>(state.range(0));
  TimingWheel wheel(pending, 0);
  std::mt19937_64 random(3);
  std::exponential_distribution<double> think(1.0 / 10e9);
  for (uint32_t i = 0; i < pending; ++i) wheel.Insert(i, static_cast<int64_t>(think(random)));
  std::vector<int64_t> thinks(1 << 16);
  for (int64_t& t : thinks) t = static_cast<int64_t>(think(random));
  int64_t now = 0, due;
  uint32_t item;
  size_t i = 0;
  for (auto _ : state) {
    while (!wheel.PopDue(now, &item, &due)) now = wheel.NextDue();
    wheel.Insert(item, due + thinks[i++ & 0xffff]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Hold)->Arg(1'000)->Arg(20'000)->Arg(1'000'000);

}  // namespace
}  // namespace loadgen

BENCHMARK_MAIN();
