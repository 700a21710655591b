#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The users' TLS connections to the ingress: who has to shake hands before a request.
//
// A user has one connection, to a random replica of the ingress that is up. It needs a new one when
// it has none, when its own was idle for longer than the keep-alive time, or after its replica, its
// last request's patience or its server broke it. 12 bytes a user.
class IngressClients {
 public:
  IngressClients(Nanos keep_alive, uint32_t replicas, base::RandomStream random)
      : keep_alive_(keep_alive), up_(std::max(1u, replicas), true), random_(random) {}

  // A request of the user leaves `now`: true when it must connect first. Call when some replica is
  // up.
  bool Connects(uint32_t user, Nanos now) {
    if (user >= replica_.size()) {
      replica_.resize(user + 1, kNone);
      idle_since_.resize(user + 1, 0);
    }
    if (replica_[user] != kNone && now - idle_since_[user] <= keep_alive_) return false;
    uint32_t chosen = static_cast<uint32_t>(random_.UniformInt(up_count()));
    uint32_t replica = 0;
    for (; !up_[replica] || chosen > 0; ++replica) chosen -= up_[replica] ? 1 : 0;
    replica_[user] = static_cast<uint8_t>(replica);
    ++handshakes_;
    return true;
  }
  // Its request is over; the connection stays open unless it broke.
  void Idle(uint32_t user, Nanos now, bool broken) {
    if (user >= replica_.size()) return;
    idle_since_[user] = now;
    if (broken) replica_[user] = kNone;
  }
  bool OnReplica(uint32_t user, uint32_t replica) const {
    return user < replica_.size() && replica_[user] == replica;
  }

  // The replica goes with its connections, or is there again.
  void Lose(uint32_t replica) {
    up_[replica] = false;
    for (uint8_t& mine : replica_) mine = mine == replica ? kNone : mine;
  }
  void Return(uint32_t replica) { up_[replica] = true; }
  bool up(uint32_t replica) const { return up_[replica]; }
  uint32_t replicas() const { return static_cast<uint32_t>(up_.size()); }
  uint32_t up_count() const {
    return static_cast<uint32_t>(std::count(up_.begin(), up_.end(), true));
  }
  uint64_t handshakes() const { return handshakes_; }

 private:
  static constexpr uint8_t kNone = 255;
  Nanos keep_alive_;
  std::vector<bool> up_;  // at most 200
  std::vector<uint8_t> replica_;
  std::vector<Nanos> idle_since_;
  uint64_t handshakes_ = 0;
  base::RandomStream random_;
};

}  // namespace simulator
