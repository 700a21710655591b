#include <algorithm>
#include <utility>

#include "simulator/engine/simulation.h"

namespace simulator {

// Worker and hashing CPU, also while their speed changes.
Nanos Simulation::Admit(PodState& pod, FifoServer& cpu, Nanos service) {
  if (system_.host.shared()) [[unlikely]]
    return AdmitOnHost(&pod.quota, cpu, service);
  if (pod.quota.limits()) {
    const Nanos done =
        pod.quota.Finish(now_, std::max(now_, cpu.free_at()), service, steady_ ? nullptr : &speed_);
    cpu.AdmitUntil(service, done);
    return done;
  }
  if (steady_) [[likely]]
    return cpu.Admit(now_, service);
  return std::max(now_, speed_.TimeOf(cpu.Admit(speed_.WorkBy(now_), service)));
}

Nanos Simulation::AdmitAtWorker(uint32_t worker, Nanos service) {
  FifoServer& cpu = workers_[worker].cpu;
  if (system_.wake.any()) {
    const Nanos turn = TurnCost(worker);
    service += turn;
    cpu_drawn_ += turn;
  }
  return Admit(pods_[worker / system_.pod.workers], cpu, service);
}

void Simulation::Attempt(uint32_t user) {
  UserState& state = users_[user];
  const uint16_t operation = workload_.StepOf(state).operation;
  if (breakers_ != nullptr && !breakers_->Allow(BreakerOf(user), now_)) [[unlikely]] {
    return Reject(user, operation, kBreakerOpen);
  }
  ++attempts_;
  const uint32_t worker = Route(state);
  if (worker == kNoWorker) return Reject(user, operation, kRefused);
  if (clients_ != nullptr && clients_->up_count() == 0) [[unlikely]]
    return Reject(user, operation, kRefused);
  if (workers_[worker].in_system >= worker_limit_ && !MakeRoom(worker)) [[unlikely]] {
    return Reject(user, operation, kOverloaded);
  }
  const uint32_t index = requests_.Allocate();
  if (index == kNone) return Reject(user, operation, kOverloaded);
  Request& request = requests_[index];
  request.start = now_;
  request.user = user;
  request.worker = worker;
  request.operation = operation;
  request.failure = kOk;
  request.segments = 0;
  request.cpu_after = -1;  // until a worker takes it
  request.flight = kFlightNone;
  CountLive();
  requests_.Link(index);
  ++workers_[worker].in_system;
  ++pods_[worker / system_.pod.workers].requests;
  request.at_client = false;
  if (system_.ingress_cores > 0) {
    queue_.Push(PassIngress(user), kAtWorker, index);
  } else if (system_.host.shared()) {
    queue_.Push(ClientSends(), kAtWorker, index);
  } else {
    AtWorker(index);
  }
}

// An answer at once that costs the server nothing.
void Simulation::Reject(uint32_t user, uint16_t operation, Outcome outcome) {
  if (outcome != kBreakerOpen) ++overload_.rejected;
  Conclude(user, now_, operation, outcome);
}

void Simulation::Disconnect(UserState& user) {
  if (user.worker == kNoWorker) return;
  --pods_[user.worker / system_.pod.workers].connections;
  --connected_;
  user.worker = kNoWorker;
}

uint32_t Simulation::Route(UserState& user) {
  if (system_.per_request) {
    return ready_workers_.empty() ? kNoWorker
                                  : ready_workers_[route_random_.UniformInt(ready_workers_.size())];
  }
  if (user.worker != kNoWorker) {
    const PodState& pod = pods_[user.worker / system_.pod.workers];
    if (!pod.terminating) return user.worker;
    Disconnect(user);
  }
  if (ready_workers_.empty()) return kNoWorker;
  user.worker = ready_workers_[route_random_.UniformInt(ready_workers_.size())];
  const uint32_t pod = user.worker / system_.pod.workers;
  ++connected_;
  if (++pods_[pod].connections > system_.pod.connections_in_memory) [[unlikely]]
    CheckMemory(pod);
  return user.worker;
}

void Simulation::AtWorker(uint32_t index) {
  if (disturbed_ && Unreachable(index)) [[unlikely]]
    return;
  Request& request = requests_[index];
  const double demand = system_.operations[request.operation].server_cpu.Sample(cpu_random_);
  const auto service = static_cast<Nanos>(demand / system_.pod.run_speed);
  // An operation that waits for nothing is worked on in one go.
  request.cpu_after = system_.operations[request.operation].waits ? service / 2 : 0;
  request.worked = static_cast<float>(service);
  cpu_drawn_ += service;
  if (system_.overload.queued()) [[unlikely]] {
    cpu_pending_ += service;
    return Enqueue(index, service - request.cpu_after, true);
  }
  cpu_pending_ += request.cpu_after;
  queue_.Push(AdmitAtWorker(request.worker, service - request.cpu_after), kFirstCpuDone, index);
}

void Simulation::AskRedis(uint32_t index) {
  if (Dead(requests_[index])) [[unlikely]]
    return DropDead(index);
  const OperationModel& operation = system_.operations[requests_[index].operation];
  if (!operation.waits) {
    if (system_.client_round_trip == 0 || system_.overload.queued()) return Answer(index);
    return queue_.Push(now_ + system_.client_round_trip, kAnswered, index);
  }
  Request& request = requests_[index];
  request.taken = TickOf(now_);
  if (keyed_ != nullptr) [[unlikely]] {
    request.key = keyed_->Draw(request.operation);
    redis_.set_next_slot(request.key == KeyedCache::kNoKey ? redis::kSlots
                                                           : keyed_->SlotOf(request.key));
  }
  if (system_.host.shared()) redis_.set_contention(Stretch(Runnable() + 1));
  const Nanos done =
      redis_.Ask(operation, request.worker, workers_[request.worker].cpu, now_, &request.shard);
  if (redis_.unsent() > 0) [[unlikely]]
    SpareCommands(index, redis_.unsent());
  if (done == kNever) return AfterRedis(index, true);
  queue_.Push(done, kRedisDone, index);
}

// What its worker does not send costs it nothing.
void Simulation::SpareCommands(uint32_t index, uint32_t commands) {
  Request& request = requests_[index];
  const Nanos spared = std::min(request.cpu_after, commands * system_.redis.client_command);
  request.cpu_after -= spared;
  request.worked -= static_cast<float>(spared);
  cpu_pending_ -= spared;
  cpu_drawn_ -= spared;
}

// `at_worker`: its worker is at it already, as there was no answer to wait for.
void Simulation::AfterRedis(uint32_t index, bool at_worker) {
  Request& request = requests_[index];
  if (Dead(request)) [[unlikely]]
    return DropDead(index);
  const OperationModel& operation = system_.operations[request.operation];
  if (redis_.Fails(request.shard)) [[unlikely]] {
    request.failure = kOverloaded;
    return BeforeAnswer(index);
  }
  if (keyed_ != nullptr) [[unlikely]] {
    if (LookUpKey(index, at_worker)) return;
  } else if (operation.cacheable && redis_.Lookup(request.operation, request.shard)) {
    request.segments = 0;
    return SegmentAnswered(index, at_worker);
  }
  Load(index, at_worker);
}

void Simulation::Load(uint32_t index, bool at_worker) {
  if (!database_.Begin(index)) return SegmentAnswered(index, at_worker);
  at_worker ? database_.Submit(index) : Proceed(index);
}

void Simulation::RoundTripDone(uint32_t index) {
  if (Dead(requests_[index])) [[unlikely]] {
    DropDead(index);
    return FeedStarvingPods();  // its connection is closed
  }
  const Nanos woken = requests_[index].woke ? system_.host.scheduling : 0;
  if (system_.database.round_trip + woken > 0) {
    queue_.Push(now_ + system_.database.round_trip + woken, kSegmentAnswered, index);
  } else {
    SegmentAnswered(index, false);
  }
}

void Simulation::SegmentAnswered(uint32_t index, bool at_worker) {
  if (Dead(requests_[index])) [[unlikely]]
    return DropDead(index);
  if (requests_[index].segments > 0) return Proceed(index);
  if (requests_[index].flight != kFlightNone) [[unlikely]]
    EndFlight(index);
  if (!database_.NeedsAudit(index)) return Hash(index);
  at_worker ? database_.Audit(index) : Proceed(index);
}

void Simulation::Hash(uint32_t index) {
  const Request& request = requests_[index];
  if (Dead(request)) [[unlikely]]
    return DropDead(index);
  const DemandLaw& blocking = system_.operations[request.operation].blocking;
  if (blocking.mean() <= 0) return BeforeAnswer(index);
  PodState& pod = pods_[request.worker / system_.pod.workers];
  const auto service = static_cast<Nanos>(blocking.Sample(cpu_random_) / system_.pod.run_speed);
  queue_.Push(Admit(pod, pod.hashing, service), kHashed, index);
}

void Simulation::BeforeAnswer(uint32_t index) {
  Request& request = requests_[index];
  if (Dead(request)) [[unlikely]]
    return DropDead(index);
  if (request.flight != kFlightNone) [[unlikely]]
    EndFlight(index);
  if (system_.overload.queued()) [[unlikely]]
    return Enqueue(index, request.cpu_after, false);
  const Nanos service = std::exchange(request.cpu_after, 0);
  cpu_pending_ -= service;
  const Nanos done = AdmitAtWorker(request.worker, service);
  queue_.Push(done + system_.client_round_trip, kAnswered, index);
}

void Simulation::Answer(uint32_t index) {
  const Request& request = requests_[index];
  if (Dead(request)) [[unlikely]]
    return DropDead(index);
  if (system_.host.shared() && !request.at_client && ClientReceives(index)) return;
  --workers_[request.worker].in_system;
  ++answers_;
  overload_.worked += request.worked;
  if (request.live) {
    CountLive();
    requests_.Unlink(index);
    Conclude(request.user, request.start, request.operation, static_cast<Outcome>(request.failure));
  } else {
    ++wasted_;
    overload_.wasted += request.worked;
  }
  requests_.Free(index);
}

}  // namespace simulator
