#include <algorithm>

#include "simulator/engine/simulation.h"

// What happens to Redis during a run, by itself or by its autoscaler.
namespace simulator {

void Simulation::StartRedis() {
  const auto disturbs = [](const Fault& fault) {
    return fault.kind == FaultKind::kRedisMasterLoss || fault.kind == FaultKind::kRedisLost;
  };
  for (const Fault& fault : options_.faults.faults) refuses_ |= disturbs(fault);
  for (const FaultProcess& process : options_.faults.processes) {
    refuses_ |= disturbs(process.fault);
  }
  const RedisTier::Tell tell = [this](const std::string& kind, const std::string& subject,
                                      const std::string& text, double from,
                                      double to) { AddEvent(kind, subject, text, from, to); };
  redis_.set_tell(tell);
  if (!system_.redis.autoscaler.has_value()) return;
  auto scaler = RedisScaler::Create(system_, redis_, tell, options_.seed, replication_);
  if (!scaler.ok()) return Violation(std::string(scaler.status().message()));
  redis_scaler_ = std::move(*scaler);
  refuses_ = true;
  WatchRedis();
}

// Once more when what follows by itself in Redis comes earlier than known so far.
void Simulation::WatchRedis() {
  Nanos next = redis_.NextChange();
  if (redis_scaler_ != nullptr) next = std::min(next, redis_scaler_->NextTime());
  if (next >= redis_watch_) return;
  redis_watch_ = next;
  queue_.Push(std::max(now_, next), kControl, kRedisChange);
}

void Simulation::RedisChange() {
  redis_watch_ = kNever;
  redis_.Advance(now_, attempts_);
  if (redis_scaler_ != nullptr && redis_scaler_->NextTime() <= now_) {
    redis_scaler_->Advance(now_, attempts_);
  }
  WatchRedis();
}

}  // namespace simulator
