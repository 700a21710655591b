#pragma once

#include <array>
#include <cstdint>
#include <vector>

// The 16,384 slots of a Redis Cluster and who owns them.

namespace simulator::redis {

inline constexpr uint32_t kSlots = 16384;
inline constexpr uint16_t kNobody = 0xffff;

// Owner of each slot.
using SlotMap = std::array<uint16_t, kSlots>;

// Equal ranges, as `redis-cli --cluster create` deals them: a cursor advances by 16384 / masters
// and is rounded, so three masters get 5461, 5462 and 5461 slots. `masters` from 1 to 16384.
SlotMap EvenRanges(uint32_t masters);

// How popular each slot's keys are, as shares that add up to 1: keys of a Zipf law (0: equally
// popular) with `exponent`, each in a random slot (CRC16 spreads keys as a hash does).
std::vector<double> ZipfSlots(uint32_t keys, double exponent);

// What a slot map makes of the slots' popularity.
struct ShardShares {
  std::vector<double> share;  // of the commands, per shard
  std::vector<uint32_t> slots;
  double hottest_slot = 0;  // share of all commands; no resharding divides it further
  uint32_t hottest_slot_number = 0;
  double uncovered = 0;  // share whose slot nobody owns
};
ShardShares Shares(const SlotMap& owners, const std::vector<double>& popularity, uint32_t shards);

}  // namespace simulator::redis
