#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/task.h"
#include "server/cost/request_cost.h"
#include "server/redis/redis_cluster.h"

// RecordCache: cache-aside for what is read often (availability, records), encrypted at rest.
//
//   co_await cache.Invalidate(key, deadline, cost);            // before the write
//   ... commit ...
//   co_await cache.Committed(key, deadline, cost);             // after it
//   auto record = co_await cache.Get(key, ttl, deadline, cost, [&] { return Load(...); });
//
// Never wrong, at worst slower:
// - Any error of Redis falls through to the loader.
// - A write puts a tombstone in place of the value *before* it touches the database, and refills
//   happen by SET NX only, so a reader that loaded the old value cannot put it back: the tombstone
//   outlives every such reader (write deadline + read deadline < kGuard). After the commit the
//   tombstone is shortened to what readers under way still need (kSettle).
// - When the tombstone cannot be written the write goes on, this worker stops using the cache for
//   that key until the tombstone got through, and a value another worker still sees lives at most
//   until its TTL (kLongestTtl). That is the one stale read left, and it needs a Redis that one
//   worker reaches and another does not.
// - A reader shares another reader's load only when that load starts after the reader came, so that
//   nobody gets an answer older than the question. At most one load per key and worker runs.
//
// Values are AES-256-GCM with a random 96-bit nonce; the Redis key is the associated data, so a
// value copied under another key (another patient, another clinic) does not open. Keys carry the
// clinic.

namespace server {

struct CacheKey {
  std::string clinic_id;
  std::string kind;  // "availability", "record"
  std::string id;    // "doctor/2026-01-31", patient UUID
};

class RecordCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Loader = std::function<base::Task<absl::StatusOr<std::string>>()>;
  static constexpr std::chrono::milliseconds kGuard{30000};
  static constexpr std::chrono::milliseconds kSettle{5000};
  static constexpr std::chrono::seconds kLongestTtl{60};

  // `secret` is any shared secret of at least 32 bytes (all workers and pods must agree); the
  // cipher key is derived from it. `redis` may be nullptr: then everything is loaded.
  RecordCache(RedisCluster* redis, std::string_view secret);
  ~RecordCache();
  RecordCache(const RecordCache&) = delete;
  RecordCache& operator=(const RecordCache&) = delete;

  // The cached value or `load()`'s, kept for `ttl` (at most kLongestTtl). Errors are the loader's
  // and are not cached.
  base::Task<absl::StatusOr<std::string>> Get(CacheKey key, std::chrono::seconds ttl,
                                              TimePoint deadline, RequestCost* cost, Loader load);
  base::Task<> Invalidate(CacheKey key, TimePoint deadline, RequestCost* cost);
  base::Task<> Committed(CacheKey key, TimePoint deadline, RequestCost* cost);

 private:
  struct Flight;

  RedisCluster* redis_;
  std::array<uint8_t, 32> cipher_key_;
  absl::flat_hash_map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace server
