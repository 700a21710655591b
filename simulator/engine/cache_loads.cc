#include "simulator/engine/simulation.h"

// What a request does where every key of the cache is simulated (keyed_cache.h).
namespace simulator {

namespace {

// A tombstone lives so long before the commit; one that could not be written keeps its key away
// from the cache for longer (server/cache/record_cache.h).
constexpr Nanos kGuard = 30 * kSecond;
constexpr Nanos kNotBuried = 90 * kSecond;

}  // namespace

// The answer of Redis is there, or there will be none. True when this took the request over.
bool Simulation::LookUpKey(uint32_t index, bool at_worker) {
  Request& request = requests_[index];
  if (request.key == KeyedCache::kNoKey) return false;
  const bool refused = request.shard == RedisTier::kRefused;
  if (keyed_->Buries(request.operation)) {
    const bool buried = !refused && keyed_->Bury(request.key, request.operation, kGuard, now_);
    if (!buried) keyed_->Shun(request.key, now_ + kNotBuried);
    request.flight = buried ? kFlightBuries : 0;
    return false;
  }
  const Nanos emptied = refused ? kNever : redis_.emptied(request.shard);
  const bool hit = !refused && keyed_->Lookup(request.key, emptied, now_);
  redis_.CountLookup(hit);
  if (hit) {
    request.segments = 0;
    SegmentAnswered(index, at_worker);
    return true;
  }
  if (!keyed_->BeginLoad(index, request.worker, request.key, now_)) return true;
  request.flight = refused ? kFlightLeads : kFlightFills;
  return false;
}

// The request has what it wanted from the database, or failed to get it.
void Simulation::EndFlight(uint32_t index) {
  Request& request = requests_[index];
  const uint8_t flight = request.flight;
  request.flight = 0;
  if (flight == kFlightBuries) return keyed_->Settle(request.key, request.operation, now_);
  const bool filled = flight == kFlightFills && request.failure == kOk;
  const uint8_t failure = request.failure;
  const KeyedCache::Ended ended =
      keyed_->EndLoad(index, request.worker, request.key, request.operation, filled, now_);
  for (const uint32_t follower : ended.followers) {
    requests_[follower].segments = 0;
    requests_[follower].failure = failure;
    failure == kOk ? SegmentAnswered(follower, false) : BeforeAnswer(follower);
  }
  if (ended.next == KeyedCache::kNobody) return;
  requests_[ended.next].flight =
      requests_[ended.next].shard == RedisTier::kRefused ? kFlightLeads : kFlightFills;
  Load(ended.next, false);
}

}  // namespace simulator
