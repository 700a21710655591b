#include <algorithm>

#include "simulator/engine/simulation.h"

// A server with more than it can do in time: queues whose order is decided late, requests dropped
// or turned away (worker_queue.h has the model).
namespace simulator {

// A new request reaches its worker, whose queue decides when its turn comes.
void Simulation::Enqueue(uint32_t index, Nanos work, bool fresh) {
  const uint32_t worker = requests_[index].worker;
  if (worker >= queues_.size()) queues_.resize(workers_.size());
  Queue& queue = queues_[worker];
  if (queue.busy) return queue.waiting.Push({index, fresh, now_, work});
  Serve(worker, index, work, fresh);
}

void Simulation::Serve(uint32_t worker, uint32_t index, Nanos work, bool fresh) {
  queues_[worker].busy = true;
  cpu_pending_ -= work;
  if (!fresh) requests_[index].cpu_after = 0;
  const Nanos done = AdmitAtWorker(worker, work);
  if (fresh) {
    queue_.Push(done, kFirstCpuDone, index);
  } else {
    queue_.Push(done + system_.client_round_trip, kAnswered, index);
  }
  queue_.Push(done, kWorkerFree, worker);
}

// The worker has finished a piece of work: the next one's turn.
void Simulation::WorkerFree(uint32_t worker) {
  const OverloadModel& model = system_.overload;
  Queue& queue = queues_[worker];
  queue.busy = false;
  while (!queue.waiting.empty()) {
    bool late = false;
    const WorkerQueue::Item item = queue.waiting.Pop(model, now_, &late);
    if (item.fresh && (late || (model.deadline_at_worker && TooLate(item.request)))) {
      Drop(item.request, item.work);
      continue;
    }
    return Serve(worker, item.request, item.work, item.fresh);
  }
}

// Its client has given up, or would before an answer could be there.
bool Simulation::TooLate(uint32_t index) const {
  const Request& request = requests_[index];
  if (!request.live) return true;
  return workload_.timeout != kNever &&
         now_ + system_.overload.deadline_margin >= request.start + workload_.timeout;
}

// The server turns a request away that it had taken in: 503 to a client that still waits.
// `unserved`: worker time that it had before it, besides Request::cpu_after.
void Simulation::Drop(uint32_t index, Nanos unserved) {
  Request& request = requests_[index];
  if (request.flight != kFlightNone) [[unlikely]] {
    request.failure = kShed;
    EndFlight(index);
  }
  unserved += request.cpu_after;
  cpu_pending_ -= unserved;
  cpu_dropped_ += unserved;
  request.worked -= static_cast<float>(unserved);
  TurnAway(request.worker);
  --workers_[request.worker].in_system;
  overload_.worked += request.worked;
  overload_.wasted += request.worked;
  if (request.live) {
    ++overload_.shed;
    CountLive();
    requests_.Unlink(index);
    Conclude(request.user, request.start, request.operation, kShed);
  } else {
    ++overload_.dropped;
  }
  requests_.Free(index);
}

// What it costs a worker to say no.
void Simulation::TurnAway(uint32_t worker) {
  const Nanos cost = system_.overload.reject_cpu;
  if (cost == 0) return;
  cpu_drawn_ += cost;
  AdmitAtWorker(worker, cost);
}

// A worker is full. True: there is room again, as the oldest waiting request gave way to the
// newest.
bool Simulation::MakeRoom(uint32_t worker) {
  TurnAway(worker);
  if (system_.overload.order == OverloadModel::kFifo || worker >= queues_.size() ||
      queues_[worker].waiting.fresh() == 0) {
    return false;
  }
  const WorkerQueue::Item item = queues_[worker].waiting.PopOldest();
  Drop(item.request, item.work);
  return true;
}

}  // namespace simulator
