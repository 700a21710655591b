#include "simulator/redis/slots.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace simulator::redis {

SlotMap EvenRanges(uint32_t masters) {
  SlotMap owners;
  owners.fill(kNobody);
  const double each = static_cast<double>(kSlots) / masters;
  double cursor = 0;
  uint32_t first = 0;
  for (uint32_t i = 0; i < masters; ++i) {
    auto last = static_cast<uint32_t>(std::lround(cursor + each - 1));
    if (last >= kSlots || i + 1 == masters) last = kSlots - 1;
    last = std::max(last, first);
    for (uint32_t slot = first; slot <= last; ++slot) owners[slot] = static_cast<uint16_t>(i);
    first = last + 1;
    cursor += each;
  }
  return owners;
}

std::vector<double> ZipfSlots(uint32_t keys, double exponent) {
  std::vector<double> popularity(kSlots, 0);
  double total = 0;
  for (uint32_t key = 0; key < keys; ++key) {
    const double share = std::pow(key + 1.0, -exponent);
    popularity[base::Mix64(key) % kSlots] += share;
    total += share;
  }
  for (double& share : popularity) share /= total;
  return popularity;
}

ShardShares Shares(const SlotMap& owners, const std::vector<double>& popularity, uint32_t shards) {
  ShardShares shares;
  shares.share.assign(shards, 0);
  shares.slots.assign(shards, 0);
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    if (popularity[slot] > shares.hottest_slot) {
      shares.hottest_slot = popularity[slot];
      shares.hottest_slot_number = slot;
    }
    if (owners[slot] >= shards) {
      shares.uncovered += popularity[slot];
      continue;
    }
    shares.share[owners[slot]] += popularity[slot];
    ++shares.slots[owners[slot]];
  }
  return shares;
}

}  // namespace simulator::redis
