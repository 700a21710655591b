#include <algorithm>

#include "simulator/engine/simulation.h"

namespace simulator {

// Worker and hashing CPU, also while their speed changes.
Nanos Simulation::Admit(PodState& pod, FifoServer& cpu, Nanos service) {
  if (pod.quota.limits()) {
    const Nanos done = pod.quota.Finish(now_, std::max(now_, cpu.free_at()), service);
    cpu.AdmitUntil(service, done);
    return done;
  }
  if (steady_) [[likely]]
    return cpu.Admit(now_, service);
  return std::max(now_, speed_.TimeOf(cpu.Admit(speed_.WorkBy(now_), service)));
}

Nanos Simulation::AdmitAtWorker(uint32_t worker, Nanos service) {
  return Admit(pods_[worker / system_.pod.workers], workers_[worker].cpu, service);
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
  CountLive();
  requests_.Link(index);
  ++workers_[worker].in_system;
  ++pods_[worker / system_.pod.workers].requests;
  if (system_.ingress_cpu > 0) {
    queue_.Push(ingress_.Admit(now_, system_.ingress_cpu), kAtWorker, index);
  } else {
    AtWorker(index);
  }
}

// An answer at once that costs the server nothing.
void Simulation::Reject(uint32_t user, uint16_t operation, Outcome outcome) {
  Conclude(user, now_, operation, outcome);
}

uint32_t Simulation::Route(UserState& user) {
  if (system_.per_request) {
    return ready_workers_.empty() ? kNoWorker
                                  : ready_workers_[route_random_.UniformInt(ready_workers_.size())];
  }
  if (user.worker != kNoWorker) {
    PodState& pod = pods_[user.worker / system_.pod.workers];
    if (!pod.terminating) return user.worker;
    --pod.connections;
    --connected_;
    user.worker = kNoWorker;
  }
  if (ready_workers_.empty()) return kNoWorker;
  user.worker = ready_workers_[route_random_.UniformInt(ready_workers_.size())];
  ++pods_[user.worker / system_.pod.workers].connections;
  ++connected_;
  return user.worker;
}

void Simulation::AtWorker(uint32_t index) {
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
  const OperationModel& operation = system_.operations[requests_[index].operation];
  if (!operation.waits) return Answer(index);
  const Nanos done = redis_.Ask(operation, now_);
  if (done == kNever) return AfterRedis(index);
  queue_.Push(done, kRedisDone, index);
}

void Simulation::AfterRedis(uint32_t index) {
  Request& request = requests_[index];
  const OperationModel& operation = system_.operations[request.operation];
  if (operation.cacheable && redis_.Lookup(request.operation)) {
    request.segments = 0;
    return SegmentAnswered(index);
  }
  request.segments =
      static_cast<uint8_t>(std::min(255u, operation.round_trips.Sample(database_random_)));
  if (request.segments == 0) return SegmentAnswered(index);
  request.commits =
      static_cast<uint8_t>(std::min(255u, operation.commits.Sample(database_random_)));
  SubmitSegment(index);
}

// Puts the request's next round trip on its worker's connection with the fewest in flight.
void Simulation::SubmitSegment(uint32_t index) {
  Request& request = requests_[index];
  Worker& worker = workers_[request.worker];
  if (system_.overload.deadline_before_database && TooLate(index)) [[unlikely]] {
    return Drop(index, 0);
  }
  request.next = kNone;
  request.segment =
      static_cast<float>(system_.operations[request.operation].segment.Sample(database_random_));
  uint32_t best = kNone;
  for (uint32_t c = worker.first_connection; c < worker.first_connection + worker.open_connections;
       ++c) {
    if (best == kNone || connections_[c].in_flight < connections_[best].in_flight) best = c;
  }
  if (best == kNone || connections_[best].in_flight >= system_.pod.pipeline_depth) {
    if (best == kNone || worker.waiting >= options_.pool_wait_limit) {
      request.failure = kPoolExhausted;
      return BeforeAnswer(index);
    }
    (worker.wait_tail == kNone ? worker.wait_head : requests_[worker.wait_tail].next) = index;
    worker.wait_tail = index;
    ++worker.waiting;
    ++waiting_;
    return;
  }
  Connection& connection = connections_[best];
  request.connection = best;
  ++connection.in_flight;
  if (connection.head == kNone) {
    connection.head = connection.tail = index;
    StartHead(best);
  } else {
    requests_[connection.tail].next = index;
    connection.tail = index;
  }
}

void Simulation::StartHead(uint32_t c) {
  const double demand = requests_[connections_[c].head].segment;
  segment_drawn_ += demand;
  database_.Enter(now_, demand, c);
}

// The backend's CPU work is done; a commit still holds the connection until its flush.
void Simulation::SegmentDone(uint32_t c) {
  Request& request = requests_[connections_[c].head];
  --request.segments;
  if (request.segments == 0 && request.commits > 0 && system_.database.flush > 0) {
    const Nanos more = (request.commits - 1) * system_.database.flush;
    return queue_.Push(wal_.Admit(now_) + more, kCommitFlushed, c);
  }
  ReleaseHead(c);
}

void Simulation::ReleaseHead(uint32_t c) {
  Connection& connection = connections_[c];
  const uint32_t index = connection.head;
  connection.head = requests_[index].next;
  if (connection.head == kNone) connection.tail = kNone;
  --connection.in_flight;
  Worker& worker = workers_[connection.worker];
  while (worker.wait_head != kNone) {
    const uint32_t waiting = worker.wait_head;
    worker.wait_head = requests_[waiting].next;
    if (worker.wait_head == kNone) worker.wait_tail = kNone;
    --worker.waiting;
    --waiting_;
    if (system_.overload.deadline_before_database && TooLate(waiting)) [[unlikely]] {
      Drop(waiting, 0);
      continue;
    }
    requests_[waiting].next = kNone;
    requests_[waiting].connection = c;
    ++connection.in_flight;
    (connection.tail == kNone ? connection.head : requests_[connection.tail].next) = waiting;
    connection.tail = waiting;
    break;
  }
  if (connection.head != kNone) StartHead(c);
  if (system_.round_trip > 0) {
    queue_.Push(now_ + system_.round_trip, kSegmentAnswered, index);
  } else {
    SegmentAnswered(index);
  }
}

void Simulation::SegmentAnswered(uint32_t index) {
  Request& request = requests_[index];
  if (request.segments > 0) return SubmitSegment(index);
  const OperationModel& operation = system_.operations[request.operation];
  if (operation.audited_read && system_.database.flush > 0 &&
      operation.audits.Sample(database_random_) > 0) {
    Worker& worker = workers_[request.worker];
    if (system_.pod.audit_connections > 0 && worker.audit_connections == 0) {
      request.failure = kPoolExhausted;  // no record, no answer
      return BeforeAnswer(index);
    }
    request.next = kNone;
    (worker.audit_waiting == kNone ? worker.audit_waiting : requests_[worker.audit_tail].next) =
        index;
    worker.audit_tail = index;
    if (!worker.audit_busy) WriteAudit(request.worker);
    return;
  }
  Hash(index);
}

void Simulation::WriteAudit(uint32_t w) {
  Worker& worker = workers_[w];
  worker.audit_writing = worker.audit_waiting;
  worker.audit_waiting = kNone;
  worker.audit_busy = true;
  queue_.Push(now_ + system_.database.audit_insert + system_.round_trip, kAuditInserted, w);
}

void Simulation::AuditDurable(uint32_t w) {
  for (uint32_t index = workers_[w].audit_writing; index != kNone;) {
    const uint32_t next = requests_[index].next;
    Hash(index);
    index = next;
  }
  workers_[w].audit_busy = false;
  if (workers_[w].audit_waiting != kNone) WriteAudit(w);
}

void Simulation::Hash(uint32_t index) {
  const Request& request = requests_[index];
  const DemandLaw& blocking = system_.operations[request.operation].blocking;
  if (blocking.mean() <= 0) return BeforeAnswer(index);
  PodState& pod = pods_[request.worker / system_.pod.workers];
  const auto service = static_cast<Nanos>(blocking.Sample(cpu_random_) / system_.pod.run_speed);
  queue_.Push(Admit(pod, pod.hashing, service), kHashed, index);
}

void Simulation::BeforeAnswer(uint32_t index) {
  const Request& request = requests_[index];
  if (system_.overload.queued()) [[unlikely]]
    return Enqueue(index, request.cpu_after, false);
  cpu_pending_ -= request.cpu_after;
  queue_.Push(AdmitAtWorker(request.worker, request.cpu_after), kAnswered, index);
}

void Simulation::Answer(uint32_t index) {
  const Request& request = requests_[index];
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
