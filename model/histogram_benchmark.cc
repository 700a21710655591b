#include <vector>

#include "benchmark/benchmark.h"
#include "model/histogram.h"

namespace model {
namespace {

std::vector<int64_t> Times() {
  std::vector<int64_t> times(4096);
  uint64_t x = 88172645463325252u;
  for (int64_t& t : times) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    t = static_cast<int64_t>(100'000 + x % 10'000'000);
  }
  return times;
}

template <typename H>
void BM_Record(benchmark::State& state) {
  const std::vector<int64_t> times = Times();
  H histogram;
  size_t i = 0;
  for (auto _ : state) histogram.Record(times[i++ & 4095]);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_TEMPLATE(BM_Record, Histogram);
BENCHMARK_TEMPLATE(BM_Record, CompactHistogram);

void BM_MergeWindow(benchmark::State& state) {
  CompactHistogram window;
  for (const int64_t t : Times()) window.Record(t);
  Histogram total;
  for (auto _ : state) total.Merge(window);
}
BENCHMARK(BM_MergeWindow);

void BM_Quantile(benchmark::State& state) {
  Histogram histogram;
  for (const int64_t t : Times()) histogram.Record(t);
  for (auto _ : state) benchmark::DoNotOptimize(histogram.Quantile(0.99));
}
BENCHMARK(BM_Quantile);

}  // namespace
}  // namespace model

BENCHMARK_MAIN();
