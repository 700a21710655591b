#include "server/cache/record_cache.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace server {
namespace {

// One byte that no sealed value is as short as.
constexpr char kTombstone[] = "-";
constexpr size_t kMostSuspects = 10000;
constexpr int kRetriesAtOnce = 8;

std::string PlaceOf(const CacheKey& key) {
  return absl::StrCat("praxis:", key.kind, ":", key.clinic_id, ":", key.id);
}

std::vector<std::string> SetTombstone(const std::string& place, std::chrono::milliseconds life) {
  return {"SET", place, kTombstone, "PX", absl::StrCat(life.count())};
}

}  // namespace

// What a waiting reader is told: the value, or to load it for itself and for those who came with
// it.
struct RecordCache::Turn {
  std::optional<absl::StatusOr<std::string>> value;
  std::vector<Waiter> followers;
};

// Readers that came while a load was running: the next load is theirs.
struct RecordCache::Flight {
  std::vector<Waiter> waiting;
};

RecordCache::RecordCache(RedisCluster* redis, std::string_view secret)
    : redis_(redis), sealer_(secret) {}
RecordCache::~RecordCache() = default;

base::Task<absl::StatusOr<std::string>> RecordCache::Get(CacheKey key, std::chrono::seconds ttl,
                                                         TimePoint deadline, RequestCost* cost,
                                                         Loader load) {
  RetrySuspects();
  const std::string place = PlaceOf(key);
  const std::chrono::milliseconds life = std::min(ttl, kLongestTtl);
  bool may_refill = false;
  if (redis_ != nullptr && !Suspect(place)) {
    std::vector<std::string> command = {"GET", place};
    const TimePoint patience = std::min(deadline, Clock::now() + kPatience);
    const absl::StatusOr<RedisReply> reply =
        co_await redis_->Run(place, std::move(command), patience, cost);
    if (reply.ok() && reply->kind == RedisReply::Kind::kString) {
      std::optional<std::string> value = sealer_.Open(place, reply->text);
      if (value.has_value()) {
        if (cost != nullptr) ++cost->cache_hits;
        co_return std::move(*value);
      }
    }
    may_refill = reply.ok() && reply->kind == RedisReply::Kind::kNil;
  }
  if (cost != nullptr) ++cost->cache_misses;
  co_return co_await LoadInTurn(place, std::move(load),
                                may_refill ? life : std::chrono::milliseconds(0), cost);
}

base::Task<absl::StatusOr<std::string>> RecordCache::LoadInTurn(std::string place, Loader load,
                                                                std::chrono::milliseconds ttl,
                                                                RequestCost* cost) {
  std::vector<Waiter> followers;
  std::shared_ptr<Flight> flight = flights_[place];
  if (flight == nullptr) {
    flight = std::make_shared<Flight>();
    flights_[place] = flight;
  } else {
    Turn turn = co_await base::Callback<Turn>(
        [&](auto done) { flight->waiting.push_back(std::move(done)); });
    if (turn.value.has_value()) co_return std::move(*turn.value);
    followers = std::move(turn.followers);
  }
  const TimePoint started = Clock::now();
  absl::StatusOr<std::string> value = co_await load();
  if (value.ok() && ttl.count() > 0) Refill(place, *value, ttl, started, cost);
  // Whoever came since `started` waits for a load of their own, led by the first of them.
  std::vector<Waiter> next = std::exchange(flight->waiting, {});
  if (next.empty()) flights_.erase(place);
  for (const Waiter& follower : followers) follower(Turn{value, {}});
  if (!next.empty()) {
    const Waiter leader = std::move(next.front());
    next.erase(next.begin());
    leader(Turn{std::nullopt, std::move(next)});
  }
  co_return value;
}

void RecordCache::Refill(const std::string& place, const std::string& value,
                         std::chrono::milliseconds ttl, TimePoint started, RequestCost* cost) {
  const TimePoint now = Clock::now();
  if (now - started > kRefillWithin || Suspect(place)) return;
  if (cost != nullptr) ++cost->redis_commands;
  // NX: a tombstone, or somebody's newer value, stays. Nobody waits for this.
  std::vector<std::string> command = {"SET", place, sealer_.Seal(place, value),
                                      "NX",  "PX",  absl::StrCat(ttl.count())};
  base::Spawn(redis_->Run(place, std::move(command), now + kPatience, nullptr));
}

base::Task<> RecordCache::Invalidate(CacheKey key, TimePoint deadline, RequestCost* cost) {
  RetrySuspects();
  co_await Bury(PlaceOf(key), kGuard, deadline, cost);
}

base::Task<> RecordCache::Committed(CacheKey key, TimePoint deadline, RequestCost* cost) {
  co_await Bury(PlaceOf(key), kSettle, deadline, cost);
}

base::Task<> RecordCache::Bury(std::string place, std::chrono::milliseconds life,
                               TimePoint deadline, RequestCost* cost) {
  if (redis_ == nullptr) co_return;
  const TimePoint patience = std::min(deadline, Clock::now() + kPatience);
  std::vector<std::string> command = SetTombstone(place, life);
  const absl::StatusOr<RedisReply> reply =
      co_await redis_->Run(place, std::move(command), patience, cost);
  if (reply.ok()) co_return;
  const TimePoint harmless = Clock::now() + kGuard + kLongestTtl;
  if (suspects_.size() < kMostSuspects) {
    suspects_[place] = harmless;
  } else {
    all_suspect_until_ = harmless;
  }
}

bool RecordCache::Suspect(const std::string& place) {
  const TimePoint now = Clock::now();
  if (now < all_suspect_until_) return true;
  // Others may have written meanwhile, and a replica that took over may have missed a tombstone.
  if (redis_ != nullptr && now < redis_->LostAt(place) + kGuard + kLongestTtl) return true;
  const auto found = suspects_.find(place);
  if (found == suspects_.end()) return false;
  if (now < found->second) return true;
  suspects_.erase(found);
  return false;
}

void RecordCache::RetrySuspects() {
  if (suspects_.empty() || redis_ == nullptr || !redis_->ready()) return;
  std::vector<std::string> places;
  for (const auto& [place, until] : suspects_) {
    if (static_cast<int>(places.size()) == kRetriesAtOnce) break;
    places.push_back(place);
  }
  for (const std::string& place : places) {
    base::Spawn(redis_->Run(place, SetTombstone(place, kSettle), Clock::now() + kPatience, nullptr),
                [this, place](const absl::StatusOr<RedisReply>& reply) {
                  if (reply.ok()) suspects_.erase(place);
                });
  }
}

}  // namespace server
