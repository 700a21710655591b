#include <queue>

#include "base/random.h"
#include "benchmark/benchmark.h"
#include "simulator/kernel/event_queue.h"
#include "simulator/kernel/thinking_users.h"
#include "simulator/kernel/timing_wheel.h"

// Hold model: pop the earliest event, push one an exponential time later, with range(0) pending.
namespace simulator {
namespace {

std::vector<Nanos> Increments() {
  base::RandomStream random(1, 0, "benchmark", "increments");
  std::vector<Nanos> result(1 << 16);
  for (Nanos& value : result) value = static_cast<Nanos>(random.Exponential(1e9)) + 1;
  return result;
}

template <int kArity>
void BM_Heap(benchmark::State& state) {
  const std::vector<Nanos> increments = Increments();
  BasicEventQueue<kArity> queue;
  size_t next = 0;
  for (int64_t i = 0; i < state.range(0); ++i) queue.Push(increments[next++ & 0xffff], 0, 0);
  for (auto _ : state) {
    const Event event = queue.Pop();
    queue.Push(event.time + increments[next++ & 0xffff], 0, 0);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Heap<2>)->Arg(1000)->Arg(10000)->Arg(100000)->Arg(1000000);
BENCHMARK(BM_Heap<4>)->Arg(1000)->Arg(10000)->Arg(100000)->Arg(1000000);
BENCHMARK(BM_Heap<8>)->Arg(1000)->Arg(10000)->Arg(100000)->Arg(1000000);

struct Later {
  bool operator()(const Event& a, const Event& b) const { return Earlier(b, a); }
};

void BM_StdPriorityQueue(benchmark::State& state) {
  const std::vector<Nanos> increments = Increments();
  std::priority_queue<Event, std::vector<Event>, Later> queue;
  size_t next = 0;
  uint64_t order = 0;
  for (int64_t i = 0; i < state.range(0); ++i) queue.push({increments[next++ & 0xffff], order++});
  for (auto _ : state) {
    const Event event = queue.top();
    queue.pop();
    queue.push({event.time + increments[next++ & 0xffff], order++});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_StdPriorityQueue)->Arg(1000)->Arg(10000)->Arg(100000)->Arg(1000000);

void BM_TimingWheel(benchmark::State& state) {
  const std::vector<Nanos> increments = Increments();
  TimingWheel wheel;
  size_t next = 0;
  for (int64_t i = 0; i < state.range(0); ++i) {
    wheel.Add(10 * increments[next++ & 0xffff], static_cast<uint32_t>(i));
  }
  for (auto _ : state) {
    const Nanos now = wheel.NextTime();
    wheel.Add(now + 10 * increments[next++ & 0xffff], wheel.Pop());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_TimingWheel)->Arg(10000)->Arg(1000000);

void BM_ThinkingUsers(benchmark::State& state) {
  ThinkingUsers users(10 * kSecond, base::RandomStream(1, 0, "benchmark", "think"));
  for (int64_t i = 0; i < state.range(0); ++i) users.Add(0, static_cast<uint32_t>(i));
  for (auto _ : state) {
    const Nanos now = users.NextTime();
    users.Add(now, users.Pop(now));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ThinkingUsers)->Arg(10000)->Arg(1000000);

}  // namespace
}  // namespace simulator

BENCHMARK_MAIN();
