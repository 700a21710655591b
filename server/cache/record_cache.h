#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/task.h"
#include "server/cache/sealer.h"
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
//   outlives every such reader. Before the commit it lives kGuard, longer than any write and the
//   readers beside it; the commit shortens it to kSettle. A reader refills only within
//   kRefillWithin of the start of its load, which is well below kSettle.
// - When a tombstone cannot be written the write goes on, and this worker does not use the cache
//   for that key until the tombstone got through.
// - When a worker loses the master of a key, or another node takes its place, it does not use the
//   cache for that key for kGuard + kLongestTtl: others may have written without a tombstone, and a
//   replica that took over may lack the last ones. By then no value from before is left.
// - Stale reads that are left, for at most kLongestTtl: by a worker that still reaches a Redis
// which
//   the writing one does not, and by a worker that was started after a failover.
// - A reader shares another reader's load only when that load starts after the reader came, so
//   nobody gets an answer older than the question. At most one load per key and worker runs.
//
// Values are sealed (sealer.h) with the Redis key as their place, so one copied under another key
// (another patient, another clinic) does not open. Keys carry the clinic.
//
// Thread: the loop's thread only.

namespace server {

struct CacheKey {
  std::string clinic_id;
  std::string kind;  // "availability", "record"
  std::string id;    // "<doctor>/2026-01-31", "<patient>"
};

class RecordCache {
 public:
  using Clock = std::chrono::steady_clock;
  using TimePoint = Clock::time_point;
  using Loader = std::function<base::Task<absl::StatusOr<std::string>>()>;

  static constexpr std::chrono::milliseconds kGuard{30000};
  static constexpr std::chrono::milliseconds kSettle{5000};
  static constexpr std::chrono::milliseconds kRefillWithin{2000};
  static constexpr std::chrono::seconds kLongestTtl{60};
  // A cache that takes longer than this is not one: Redis gets at most so long of a request's time.
  static constexpr std::chrono::milliseconds kPatience{250};

  // `secret`: at least 32 bytes that all workers and pods share; the cipher key is derived from it.
  // `redis` may be nullptr: then everything is loaded. Both must outlive the cache.
  RecordCache(RedisCluster* redis, std::string_view secret);
  ~RecordCache();
  RecordCache(const RecordCache&) = delete;
  RecordCache& operator=(const RecordCache&) = delete;

  // The cached value or `load()`'s, kept for `ttl` (at most kLongestTtl). Errors are the loader's
  // and are not cached. `load` is called at most once and only while Get runs.
  base::Task<absl::StatusOr<std::string>> Get(CacheKey key, std::chrono::seconds ttl,
                                              TimePoint deadline, RequestCost* cost, Loader load);
  base::Task<> Invalidate(CacheKey key, TimePoint deadline, RequestCost* cost);
  base::Task<> Committed(CacheKey key, TimePoint deadline, RequestCost* cost);

 private:
  struct Turn;
  struct Flight;
  using Waiter = std::function<void(Turn)>;

  base::Task<absl::StatusOr<std::string>> LoadInTurn(std::string place, Loader load,
                                                     std::chrono::milliseconds ttl,
                                                     RequestCost* cost);
  void Refill(const std::string& place, const std::string& value, std::chrono::milliseconds ttl,
              TimePoint started, RequestCost* cost);
  base::Task<> Bury(std::string place, std::chrono::milliseconds life, TimePoint deadline,
                    RequestCost* cost);
  bool Suspect(const std::string& place);
  void RetrySuspects();

  RedisCluster* redis_;
  Sealer sealer_;
  absl::flat_hash_map<std::string, std::shared_ptr<Flight>> flights_;
  // Keys whose tombstone did not get through, and when no stale value can be left of them.
  absl::flat_hash_map<std::string, TimePoint> suspects_;
  // Too many to remember: the whole cache is left alone until then.
  TimePoint all_suspect_until_{};
};

}  // namespace server
