#include "simulator/engine/redis_scaler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

constexpr Nanos kKubeletPeriod = 10 * kSecond;
constexpr Nanos kPointsKept = 125 * kSecond;
constexpr Nanos kReconcile = 10 * kMillisecond;
constexpr double kEmptyRedisBytes = 3e6;

}  // namespace

absl::StatusOr<std::unique_ptr<RedisScaler>> RedisScaler::Create(const SystemModel& system,
                                                                 RedisTier& tier,
                                                                 RedisTier::Tell tell,
                                                                 uint64_t seed,
                                                                 uint32_t replication) {
  auto scaler = std::unique_ptr<RedisScaler>(
      new RedisScaler(system, tier, std::move(tell), seed, replication));
  absl::StatusOr<std::unique_ptr<Scaler>> controller = Scaler::Create(scaler->scaled_);
  if (!controller.ok()) return controller.status();
  scaler->scaler_ = std::move(*controller);
  return scaler;
}

RedisScaler::RedisScaler(const SystemModel& system, RedisTier& tier, RedisTier::Tell tell,
                         uint64_t seed, uint32_t replication)
    : system_(system),
      tier_(tier),
      tell_(std::move(tell)),
      desired_(system.redis.pods),
      random_(seed, replication, "redis", "scaler") {
  scaled_.autoscaler = system.redis.autoscaler;
  scaled_.pod.workload = system.redis.workload;
  scaled_.pod.request_millicores = system.redis.request_millicores;
  scaled_.pod.request_memory_bytes = system.redis.request_memory_bytes;
  scaled_.scrape = system.scrape;
  scaled_.sync = system.sync;
  for (uint32_t i = 0; i < desired_; ++i) AddPod(true, 0);
  next_point_ = ToNanos(random_.Uniform(0, ToSeconds(kKubeletPeriod)));
  next_scrape_ = ToNanos(random_.Uniform(0, ToSeconds(system.scrape)));
  next_sync_ = ToNanos(random_.Uniform(0, ToSeconds(system.sync)));
}

void RedisScaler::AddPod(bool running_already, Nanos now) {
  PodState pod;
  pod.identity = static_cast<uint32_t>(pods_.size());
  pod.created = running_already ? -3600 * kSecond : now;
  pod.running = running_already
                    ? pod.created
                    : now + ToNanos(system_.pod.start_median_seconds *
                                    std::exp(system_.pod.start_sigma * random_.Normal()));
  pod.is_running = pod.ready = running_already;
  pod.ready_at = pod.running;
  pods_.push_back(std::move(pod));
}

Nanos RedisScaler::NextTime() const { return std::min({next_point_, next_scrape_, next_sync_}); }

uint32_t RedisScaler::ready() const {
  return static_cast<uint32_t>(std::count_if(
      pods_.begin(), pods_.end(), [](const PodState& pod) { return pod.ready && !pod.gone; }));
}

void RedisScaler::Advance(Nanos now, uint64_t attempts) {
  if (now >= next_point_) {
    next_point_ = now + kKubeletPeriod;
    PodsReady(now);
    Observe(now, attempts);
    if (draining_ && !tier_.moving()) Remove(desired_, now, attempts);
  }
  if (now >= next_scrape_) {
    next_scrape_ = now + scaled_.scrape;
    scaler_->Scrape(now, pods_);
  }
  if (now >= next_sync_) {
    next_sync_ = now + kReconcile + scaled_.sync;
    const Scaler::Answer answer = scaler_->Synchronise(now, desired_, pods_);
    if (answer.written && answer.desired != desired_) {
      Resize(answer.desired, answer.reason, now, attempts);
    }
  }
}

// What the kubelet sees: a master works, its replicas and new nodes do not.
void RedisScaler::Observe(Nanos now, uint64_t attempts) {
  for (size_t i = 0; i < pods_.size(); ++i) {
    PodState& pod = pods_[i];
    if (pod.gone || !pod.is_running) continue;
    const uint32_t shard = tier_.ShardOfNode(static_cast<uint32_t>(i), system_.redis.pods);
    const bool works = shard < tier_.shards();
    const double busy = works ? static_cast<double>(tier_.BusyUntil(shard, now)) : 0;
    const double bytes = works ? tier_.BytesOf(shard, now, attempts) : 0;
    pod.points.push_back({now, busy, 0, kEmptyRedisBytes + bytes});
    while (pod.points.front().time < now - kPointsKept) pod.points.pop_front();
  }
}

void RedisScaler::PodsReady(Nanos now) {
  bool came = false;
  for (PodState& pod : pods_) {
    if (pod.gone || pod.ready || pod.running > now) continue;
    pod.is_running = pod.ready = true;
    pod.ready_at = now;
    came = true;
  }
  if (!came) return;
  if (system_.redis.rebalancer) return Rebalance(ready(), now);
  tell_("note", system_.redis.workload,
        "new nodes own no slots and nothing moves any: the capacity stays as it was", desired_,
        desired_);
}

// As many masters as the pods with their replicas allow.
void RedisScaler::Rebalance(uint32_t pods, Nanos now) {
  const uint32_t group = 1 + system_.redis.rules.replicas_per_master;
  const uint32_t masters = std::max(system_.redis.rules.masters, pods / group);
  if (masters != tier_.masters()) tier_.Reshard(masters, now);
}

void RedisScaler::Resize(uint32_t desired, const std::string& reason, Nanos now,
                         uint64_t attempts) {
  tell_("scaling", system_.redis.workload, reason, desired_, desired);
  const uint32_t before = desired_;
  desired_ = desired;
  if (desired > before) {
    draining_ = false;
    uint32_t alive = 0;
    for (const PodState& pod : pods_) alive += !pod.gone;
    for (uint32_t i = alive; i < desired; ++i) AddPod(false, now);
    return;
  }
  draining_ = system_.redis.rebalancer;
  if (draining_) return Rebalance(desired, now);
  Remove(desired, now, attempts);
}

// The StatefulSet deletes its highest numbers.
void RedisScaler::Remove(uint32_t pods, Nanos now, uint64_t attempts) {
  draining_ = false;
  while (!pods_.empty() && pods_.size() > pods) {
    const auto node = static_cast<uint32_t>(pods_.size() - 1);
    pods_.pop_back();
    if (node < system_.redis.pods) tier_.RemoveNode(node, now, attempts);
  }
}

}  // namespace simulator
