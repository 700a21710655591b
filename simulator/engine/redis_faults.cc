#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/engine/redis_reconnect.h"
#include "simulator/engine/redis_tier.h"

// What goes wrong with Redis, and what follows by the cluster's own rules.
namespace simulator {
namespace {

// After its start a master refuses writes, and says so, for so long.
constexpr Nanos kWritableDelay = 2 * kSecond;

std::string Name(uint32_t shard) { return absl::StrCat("redis.", shard); }

}  // namespace

bool RedisTier::HasMajority() const {
  size_t alive = 0;
  size_t all = 0;  // masters without slots have no vote
  for (const Shard& shard : shards_) {
    all += shard.slots > 0;
    alive += shard.slots > 0 && !shard.dead;
  }
  return alive >= all / 2 + 1;
}

// From now on shards differ.
void RedisTier::Disturb() {
  special_ = true;
  if (disturbed_) return;
  disturbed_ = true;
  for (Shard& shard : shards_) shard.rates = hit_rates_;
}

void RedisTier::Plan(Nanos at, Step step, uint32_t shard, bool first) {
  agenda_.push_back({at, planned_++, step, shard, first});
  std::sort(agenda_.begin(), agenda_.end(), [](const Change& a, const Change& b) {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  });
}

void RedisTier::Forget(Step step, uint32_t shard) {
  std::erase_if(agenda_,
                [&](const Change& change) { return change.step == step && change.shard == shard; });
}

void RedisTier::PlanFailover(uint32_t shard, bool suspected, Nanos now) {
  Forget(Step::kFailed, shard);
  Forget(Step::kPromoted, shard);
  redis::BusRules rules = system_.redis.rules;
  rules.masters = static_cast<uint32_t>(shards_.size());
  rules.replicas_per_master = shards_[shard].replicas;
  redis::Loss loss{.masters = {shard}, .suspected = suspected};
  for (uint32_t i = 0; i < shards_.size(); ++i) {
    if (i != shard && shards_[i].dead) loss.masters.push_back(i);
  }
  const redis::Failover drawn = redis::PlayFailover(rules, loss, failover_random_);
  if (!std::isfinite(drawn.failed)) return;
  Plan(now + ToNanos(drawn.failed), Step::kFailed, shard);
  if (!std::isfinite(drawn.promoted)) return;
  Plan(now + ToNanos(drawn.promoted), Step::kPromoted, shard);
}

void RedisTier::LoseMaster(uint32_t index, bool silent, bool with_replica, Nanos now,
                           uint64_t attempts) {
  Disturb();
  Shard& shard = shards_[index];
  if (with_replica && shard.replicas > 0) --shard.replicas;
  if (shard.dead) return;
  UpdateRates(now, attempts);
  shard.dead = shard.away = true;
  shard.failed = false;
  shard.silent = silent;
  shard.lost_at = now;
  shard.old_rates = shard.rates;
  Forget(Step::kSwitched, index);
  Forget(Step::kReturned, index);
  tell_("fault", Name(index),
        absl::StrCat("master lost", silent ? " with its machine" : "", ": ", shard.slots,
                     " of 16384 slots"),
        1, 0);
  const double timeout = system_.redis.rules.node_timeout_seconds;
  if (timeout <= 0) return;  // no cluster: nobody takes over
  if (HasMajority()) return PlanFailover(index, false, now);
  // Those that wait for votes wait in vain.
  for (uint32_t i = 0; i < shards_.size(); ++i) {
    if (!shards_[i].dead) continue;
    Forget(Step::kFailed, i);
    Forget(Step::kPromoted, i);
  }
  Plan(now + ToNanos(timeout), Step::kMinority, index);
}

void RedisTier::ReturnMaster(uint32_t index, Nanos now, uint64_t attempts) {
  Disturb();
  Shard& shard = shards_[index];
  if (!shard.dead) {
    ++shard.replicas;  // somebody took over: it comes back as a replica
    return tell_("failover", Name(index), "the lost node is back, as a replica", 0, 1);
  }
  const bool had_majority = HasMajority();
  shard.dead = false;
  Forget(Step::kFailed, index);
  Forget(Step::kPromoted, index);
  tell_("failover", Name(index), "the lost master is back, its cache empty", 0, 1);
  const double timeout = system_.redis.rules.node_timeout_seconds;
  const RedisReconnect reconnect(shard.lost_at, shard.silent, now);
  shard.last_failed = reconnect.last_failed;
  Plan(std::max(reconnect.connected, now + (timeout > 0 ? kWritableDelay : 0)), Step::kReturned,
       index);
  if (timeout <= 0 || had_majority || !HasMajority()) return UpdateRates(now, attempts);
  // The others may vote again, and serve after a rejoin delay.
  Forget(Step::kMinority, index);
  for (uint32_t i = 0; i < shards_.size(); ++i) Forget(Step::kMinority, i);
  Plan(now + ToNanos(std::clamp(timeout, 0.5, 5.0)), Step::kMajority, index);
  for (uint32_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].dead) PlanFailover(i, true, now);
  }
  UpdateRates(now, attempts);
}

void RedisTier::LoseCache(Nanos now, uint64_t attempts) {
  Disturb();
  for (Shard& shard : shards_) {
    shard.aged_since = kNever;
    shard.empty_since = shard.emptied = now;
    shard.attempts_then = attempts;
  }
  for (int ms : {20, 50, 100, 200, 400, 700}) Plan(now + ms * kMillisecond, Step::kFilling, 0);
  tell_("fault", "redis", "the cache is empty", 1, 0);
  UpdateRates(now, attempts);
}

void RedisTier::LoseAll(bool silent, Nanos now, uint64_t attempts) {
  for (uint32_t i = 0; i < shards_.size(); ++i) {
    shards_[i].replicas = 0;
    LoseMaster(i, silent, false, now, attempts);
  }
}

void RedisTier::ReturnAll(Nanos now, uint64_t attempts) {
  for (uint32_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].dead) ReturnMaster(i, now, attempts);
    shards_[i].replicas = system_.redis.rules.replicas_per_master;
  }
}

// Workers can use the shard again from `at` on.
void RedisTier::Usable(uint32_t index, Nanos at, Nanos known, bool empty, uint64_t attempts) {
  Shard& shard = shards_[index];
  const Nanos before = shard.lost_at;
  shard.away = false;
  shard.trusted_from = known + system_.redis.distrust;
  shard.empty_since = std::max(at, shard.trusted_from);
  shard.attempts_then = attempts;
  if (empty || system_.redis.distrust > 0) shard.emptied = shard.empty_since;
  shard.aged_since = empty || system_.redis.distrust > 0 ? kNever : before;
  for (int ms : {0, 20, 50, 100, 200, 400, 700}) {
    Plan(shard.empty_since + ms * kMillisecond, Step::kFilling, index, ms == 0);
  }
}

void RedisTier::UpdateState() {
  bool uncovered = false;
  for (const Shard& shard : shards_) uncovered |= shard.failed && shard.slots > 0;
  const bool before = down_;
  down_ = minority_ || (uncovered && system_.redis.full_coverage);
  if (down_ == before) return;
  tell_("failover", "redis",
        down_ ? (minority_ ? "fewer than half of the masters: the whole cluster refuses"
                           : "a slot is not covered: the whole cluster refuses")
              : "all slots are covered: the cluster answers",
        before ? 0 : 1, down_ ? 0 : 1);
}

void RedisTier::Advance(Nanos now, uint64_t attempts) {
  while (!agenda_.empty() && agenda_.front().at <= now) {
    const Change change = agenda_.front();
    agenda_.erase(agenda_.begin());
    Apply(change, attempts);
  }
  UpdateRates(now, attempts);
}

void RedisTier::Apply(const Change& change, uint64_t attempts) {
  Shard& shard = shards_[change.shard];
  switch (change.step) {
    case Step::kMinority:
      minority_ = true;
      for (Shard& any : shards_) any.failed |= any.dead;
      return UpdateState();
    case Step::kMajority:
      minority_ = false;
      return UpdateState();
    case Step::kFailed:
      shard.failed = true;
      return UpdateState();
    case Step::kPromoted:
      shard.dead = shard.failed = false;
      --shard.replicas;
      tell_("failover", Name(change.shard),
            absl::StrFormat("a replica owns the slots %.2f s after the loss",
                            ToSeconds(change.at - shard.lost_at)),
            0, 1);
      UpdateState();
      return Plan(change.at + static_cast<Nanos>(failover_random_.Uniform01() *
                                                 static_cast<double>(system_.redis.refresh)),
                  Step::kSwitched, change.shard);
    case Step::kSwitched:
      return Usable(change.shard, change.at, change.at, false, attempts);
    case Step::kReturned:
      shard.failed = false;
      UpdateState();
      return Usable(change.shard, change.at, shard.last_failed, true, attempts);
    case Step::kFilling:
      if (change.first && change.at == shard.empty_since) shard.attempts_then = attempts;
      return;
    case Step::kSlotMoved:
      return MoveSlot(change.at);
  }
}

void RedisTier::UpdateShares() {
  const redis::ShardShares shares =
      redis::Shares(owners_, system_.redis.slot_popularity, static_cast<uint32_t>(shards_.size()));
  cumulative_.clear();
  double sum = 0;
  for (size_t i = 0; i < shards_.size(); ++i) {
    cumulative_.push_back(sum += shares.share[i]);
    shards_[i].slots = shares.slots[i];
  }
  cumulative_.back() = 1;
}

// As `redis-cli --cluster rebalance`: whoever has more than its equal part gives its lowest slots
// to those that have less, one slot after the other.
void RedisTier::Reshard(uint32_t masters, Nanos now) {
  Disturb();
  if (masters == 0) masters = static_cast<uint32_t>(shards_.size());
  masters_ = masters;
  for (uint32_t i = 0; i < shards_.size(); ++i) Forget(Step::kSlotMoved, i);
  moves_.clear();  // a new plan replaces the old one
  while (shards_.size() < masters) {
    Shard shard;
    shard.replicas = system_.redis.rules.replicas_per_master;
    shard.rates = hit_rates_;
    shard.empty_since = shards_[0].empty_since;
    shard.attempts_then = shards_[0].attempts_then;
    shards_.push_back(std::move(shard));
  }
  UpdateShares();
  std::vector<uint32_t> wanted(shards_.size(), 0);
  for (uint32_t i = 0; i < masters; ++i) {
    wanted[i] = redis::kSlots / masters + (i < redis::kSlots % masters ? 1 : 0);
  }
  std::vector<uint32_t> has;
  for (const Shard& shard : shards_) has.push_back(shard.slots);
  uint32_t target = 0;
  for (uint32_t slot = 0; slot < redis::kSlots; ++slot) {
    const uint16_t owner = owners_[slot];
    if (has[owner] <= wanted[owner]) continue;
    while (target < wanted.size() && has[target] >= wanted[target]) ++target;
    if (target == wanted.size()) break;
    --has[owner];
    ++has[target];
    moves_.push_back({slot, target});
  }
  tell_("note", "redis",
        absl::StrFormat("%d of 16384 slots move to %d masters, for %.1f s", moves_.size(), masters,
                        static_cast<double>(moves_.size()) * SlotSeconds()),
        0, masters);
  std::reverse(moves_.begin(), moves_.end());
  PlanMove(now);
}

double RedisTier::SlotSeconds() const {
  return system_.redis.keys / redis::kSlots / system_.redis.migrate_keys_per_second;
}

// MIGRATE keeps both ends busy. Until the slot has moved, those of its commands whose keys have
// gone are redirected: half of them on average.
void RedisTier::PlanMove(Nanos now) {
  if (moves_.empty()) return;
  const Move move = moves_.back();
  moving_from_ = owners_[move.slot];
  const double share =
      cumulative_[moving_from_] - (moving_from_ > 0 ? cumulative_[moving_from_ - 1] : 0);
  asking_ = share > 0 ? std::min(1.0, system_.redis.slot_popularity[move.slot] / share / 2) : 0;
  Plan(now + ToNanos(SlotSeconds()), Step::kSlotMoved, moving_from_);
}

void RedisTier::MoveSlot(Nanos now) {
  const Move move = moves_.back();
  moves_.pop_back();
  for (const uint32_t end : {moving_from_, move.target}) {
    shards_[end].station.Admit(
        now, ToNanos(system_.redis.keys / redis::kSlots * system_.redis.migrate_busy_seconds));
  }
  owners_[move.slot] = static_cast<uint16_t>(move.target);
  UpdateShares();
  if (moves_.empty()) {
    tell_("note", "redis", "all slots have moved", 0, static_cast<double>(shards_.size()));
  }
  PlanMove(now);
}

}  // namespace simulator
