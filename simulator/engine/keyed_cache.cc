#include "simulator/engine/keyed_cache.h"

#include <algorithm>
#include <utility>

namespace simulator {
namespace {

constexpr double kMarkerBytes = 85 + 32;  // of what a write leaves, with key and Redis' overhead
// A reader refills only within so long of the start of its load (server/cache/record_cache.h).
constexpr Nanos kRefillWithin = 2 * kSecond;

}  // namespace

KeyedCache::KeyedCache(const SystemModel& system, const Workload& workload, bool one_flight,
                       uint64_t seed, uint32_t replication)
    : operations_(system.operations.size()),
      one_flight_(one_flight),
      random_(seed, replication, "redis", "keys") {
  uint64_t keys = 0;
  std::vector<double> kinds;
  for (size_t i = 0; i < operations_.size(); ++i) {
    Operation& operation = operations_[i];
    operation.name = workload.operations[i];
    if (!system.operations[i].cache.has_value()) continue;
    const CacheModel& cache = *system.operations[i].cache;
    operation.reads = &cache.streams();
    operation.first = static_cast<uint32_t>(keys);
    operation.ttl = ToNanos(cache.ttl_seconds());
    operation.settle = ToNanos(cache.settle_seconds());
    keys += operation.reads->keys();
    operation.kind = static_cast<uint32_t>(kinds.size());
    kinds.insert(kinds.end(), {system.operations[i].entry_bytes, kMarkerBytes, kMarkerBytes});
    for (size_t j = 0; j < operations_.size(); ++j) {
      if (operation.reads->Writes(workload.operations[j])) {
        operations_[j].buries = static_cast<int>(i);
      }
    }
  }
  entries_.resize(keys);
  if (!system.redis.memory_limited) return;
  memory_.emplace(
      system.redis.eviction,
      system.redis.maxmemory_bytes * system.redis.rules.masters - system.redis.fixed_bytes,
      std::move(kinds), keys, base::RandomStream(seed, replication, "redis", "evictions"));
}

// The key's entry in memory; whoever goes for it is gone for readers too.
bool KeyedCache::TakeRoom(uint32_t key, uint32_t kind, Nanos until, Nanos now) {
  if (!memory_.has_value()) return true;
  evicted_.clear();
  const bool taken = memory_->Put(key, kind, until, now, &evicted_);
  for (const uint32_t gone : evicted_) {
    entries_[gone].expires = 0;
    entries_[gone].closed = 0;
  }
  return taken;
}

bool KeyedCache::Bury(uint32_t key, uint16_t operation, Nanos guard, Nanos now) {
  const Operation& buried = operations_[static_cast<size_t>(operations_[operation].buries)];
  Entry& entry = entries_[key];
  entry.expires = 0;
  entry.closed = std::max(entry.closed, now + guard);
  return TakeRoom(key, buried.kind + 1, now + guard, now);
}

uint32_t KeyedCache::Draw(uint16_t index) {
  const Operation& operation = operations_[index];
  if (operation.reads != nullptr) {
    return operation.first + static_cast<uint32_t>(operation.reads->DrawRead(random_));
  }
  if (operation.buries < 0) return kNoKey;
  const Operation& buried = operations_[static_cast<size_t>(operation.buries)];
  return buried.first + static_cast<uint32_t>(buried.reads->DrawWrite(operation.name, random_));
}

uint32_t KeyedCache::SlotOf(uint32_t key) const {
  return static_cast<uint32_t>(base::Mix64(key) % redis::kSlots);
}

bool KeyedCache::BeginLoad(uint32_t request, uint32_t worker, uint32_t key, Nanos now) {
  if (!one_flight_) {
    ++loads_;
    alone_[request] = now;
    return true;
  }
  const auto [found, first] = flights_.try_emplace(Id(worker, key));
  if (first) {
    ++loads_;
    found->second.started = now;
  } else {
    found->second.waiting.push_back(request);
  }
  return first;
}

KeyedCache::Ended KeyedCache::EndLoad(uint32_t request, uint32_t worker, uint32_t key,
                                      uint16_t operation, bool filled, Nanos now) {
  Ended ended;
  Nanos started = now;
  if (!one_flight_) {
    const auto found = alone_.find(request);
    started = found->second;
    alone_.erase(found);
  } else {
    const auto found = flights_.find(Id(worker, key));
    Flight& flight = found->second;
    started = flight.started;
    ended.followers = std::exchange(flight.followers, {});
    shared_ += ended.followers.size();
    if (flight.waiting.empty()) {
      flights_.erase(found);
    } else {
      ++loads_;
      ended.next = flight.waiting.front();
      flight.followers.assign(flight.waiting.begin() + 1, flight.waiting.end());
      flight.waiting.clear();
      flight.started = now;
    }
  }
  Entry& entry = entries_[key];
  if (filled && now - started <= kRefillWithin && now >= entry.closed && entry.expires <= now &&
      TakeRoom(key, operations_[operation].kind, now + operations_[operation].ttl, now)) {
    entry.expires = now + operations_[operation].ttl;
    entry.filled = now;
  }
  return ended;
}

std::vector<uint32_t> KeyedCache::Kill(uint32_t first_worker, uint32_t end_worker) {
  std::vector<uint32_t> waiting;
  for (auto it = flights_.begin(); it != flights_.end();) {
    const auto worker = static_cast<uint32_t>(it->first >> 32);
    if (worker < first_worker || worker >= end_worker) {
      ++it;
      continue;
    }
    const Flight& flight = it->second;
    waiting.insert(waiting.end(), flight.followers.begin(), flight.followers.end());
    waiting.insert(waiting.end(), flight.waiting.begin(), flight.waiting.end());
    it = flights_.erase(it);
  }
  std::sort(waiting.begin(), waiting.end());
  return waiting;
}

void KeyedCache::Settle(uint32_t key, uint16_t operation, Nanos now) {
  const auto buried = static_cast<size_t>(operations_[operation].buries);
  entries_[key].expires = 0;
  entries_[key].closed = now + operations_[buried].settle;
  TakeRoom(key, operations_[buried].kind + 2, entries_[key].closed, now);
}

}  // namespace simulator
