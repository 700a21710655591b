#include <algorithm>

#include "simulator/engine/redis_tier.h"

// Nodes of the cluster as pods of a StatefulSet.
namespace simulator {

uint32_t RedisTier::ShardOfNode(uint32_t node, uint32_t nodes) const {
  const uint32_t masters = system_.redis.rules.masters;
  if (node < nodes) return node < masters ? node : static_cast<uint32_t>(shards_.size());
  const uint32_t group = 1 + system_.redis.rules.replicas_per_master;
  const uint32_t later = node - nodes;
  return later % group == 0 ? masters + later / group : static_cast<uint32_t>(shards_.size());
}

void RedisTier::RemoveNode(uint32_t node, Nanos now, uint64_t attempts) {
  const uint32_t masters = system_.redis.rules.masters;
  if (node < masters) return LoseMaster(node, false, false, now, attempts);
  Shard& shard = shards_[(node - masters) % masters];
  if (shard.replicas > 0) --shard.replicas;
}

double RedisTier::BytesOf(size_t shard, Nanos now, uint64_t attempts) const {
  if (now <= 0) return 0;
  const size_t seconds = std::min<size_t>(attempts_by_second_.size(), 10);
  if (seconds == 0) return 0;
  const size_t before = attempts_by_second_.size() - seconds;
  const uint64_t then = before == 0 ? 0 : attempts_by_second_[before - 1];
  const double per_second = static_cast<double>(attempts - then) / static_cast<double>(seconds);
  return memory_.Bytes(per_second, pressure_) * shards_[shard].slots / redis::kSlots;
}

}  // namespace simulator
