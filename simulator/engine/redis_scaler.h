#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "simulator/engine/pods.h"
#include "simulator/engine/redis_tier.h"
#include "simulator/engine/system_model.h"

namespace simulator {

// An autoscaler over Redis' StatefulSet: the exact controller, fed with the busy time of each
// node's shard as a kubelet and metrics-server would see it, and what its decisions do to the
// cluster.
//
// A new node owns no slots. Without something that moves slots it stays idle: capacity does not
// grow, but the average over the pods that the controller looks at falls. With it, each new master
// and its replicas get their equal part once they are ready, after the time that the keys take.
// Fewer pods: with it the slots move away first; without it the nodes with the highest numbers go
// with what they have. Node i is master i for the first ones, then come their replicas, as
// `redis-cli --cluster create` deals roles to a StatefulSet's pods in order; nodes that come later
// replicate a new master each (with a rebalancer).
//
// One per replication; both references must outlive it.
class RedisScaler {
 public:
  // InvalidArgument when the autoscaler's message cannot be understood.
  static absl::StatusOr<std::unique_ptr<RedisScaler>> Create(const SystemModel& system,
                                                             RedisTier& tier, RedisTier::Tell tell,
                                                             uint64_t seed, uint32_t replication);

  Nanos NextTime() const;
  // Does what is due at `now`, which is NextTime().
  void Advance(Nanos now, uint64_t attempts);
  // Pods that are ready.
  uint32_t ready() const;

 private:
  RedisScaler(const SystemModel& system, RedisTier& tier, RedisTier::Tell tell, uint64_t seed,
              uint32_t replication);
  void AddPod(bool running_already, Nanos now);
  void Observe(Nanos now, uint64_t attempts);
  void Resize(uint32_t desired, const std::string& reason, Nanos now, uint64_t attempts);
  void PodsReady(Nanos now);
  void Rebalance(uint32_t pods, Nanos now);
  void Remove(uint32_t pods, Nanos now, uint64_t attempts);

  const SystemModel& system_;
  SystemModel scaled_;  // what the controller needs to know
  RedisTier& tier_;
  RedisTier::Tell tell_;
  std::unique_ptr<Scaler> scaler_;
  std::vector<PodState> pods_;
  uint32_t desired_;
  bool draining_ = false;  // fewer pods are wanted as soon as their slots have moved
  Nanos next_point_ = 0;
  Nanos next_scrape_ = 0;
  Nanos next_sync_ = 0;
  base::RandomStream random_;
};

}  // namespace simulator
