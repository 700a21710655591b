#include <algorithm>

#include "simulator/engine/simulation.h"

namespace simulator {

// What a visit at `w` that begins now costs beside its own work: nothing when it shares a turn.
Nanos Simulation::TurnCost(uint32_t w) {
  Worker& worker = workers_[w];
  const Nanos now = CpuClock();
  const Nanos free_at = worker.cpu.free_at();
  const EventLoop::Entry entry = worker.loop.Enter(now, free_at);
  if (entry == EventLoop::kJoins) return 0;
  ++turns_;
  if (entry == EventLoop::kOpens) return system_.wake.turn;
  ++wake_ups_;
  const Nanos slept = std::min(now - free_at, system_.wake.longest_sleep);
  return system_.wake.turn + system_.wake.server +
         static_cast<Nanos>(system_.wake.server_per_slept * static_cast<double>(slept));
}

// By the clock of real time: a worker under a slowdown counts as free.
Nanos Simulation::WorkerFree(uint32_t worker) const {
  const bool real = steady_ || system_.pod.limit_quota > 0;
  return real ? workers_[worker].cpu.free_at() : now_;
}

// An answer has come and something else must be asked: the worker does a part of the work first.
void Simulation::Proceed(uint32_t index) {
  Request& request = requests_[index];
  if (!system_.wake.any() || system_.overload.queued()) {
    return MiddleCpuDone(index);
  }
  const OperationModel& operation = system_.operations[request.operation];
  const double part = operation.server_cpu.mean() * operation.visit_share / system_.pod.run_speed;
  const Nanos service = std::min(request.cpu_after, static_cast<Nanos>(part));
  request.cpu_after -= service;
  cpu_pending_ -= service;
  queue_.Push(AdmitAtWorker(request.worker, service), kMiddleCpuDone, index);
}

void Simulation::MiddleCpuDone(uint32_t index) {
  if (Dead(requests_[index])) [[unlikely]]
    return DropDead(index);
  requests_[index].segments > 0 ? database_.Submit(index) : database_.Audit(index);
}

}  // namespace simulator
