#pragma once

#include <string>
#include <vector>

#include "simulator/engine/cache_model.h"

namespace simulator {

// One cached operation's share of Redis' memory.
struct CachedValues {
  const CacheModel* model = nullptr;
  double value_bytes = 0;   // with the key and Redis' own overhead
  double marker_bytes = 0;  // of what a write leaves for the settle time
};

// Memory of all shards together against their joint maxmemory (keys are spread evenly): finds how
// short it is, so that what is in memory just fits.
//
// Least recently used by Che's approximation: a value leaves when it was not read for a time tc
// that is the same for all keys, and tc is such that the expected bytes in memory equal the limit.
// With TTL and writes as in cache_model.h. Redis approximates the order by samples of five keys:
// not modelled. Keys without a TTL, `fixed_bytes`, take their room first.
class CacheMemory {
 public:
  CacheMemory(std::vector<CachedValues> values, Eviction policy, double limit_bytes,
              double fixed_bytes);

  // False: everything always fits, whatever the load; nothing need be worked out.
  bool limited() const { return limited_; }
  // `requests_per_second`: of all operations.
  MemoryPressure PressureAt(double requests_per_second) const;
  // Expected.
  double Bytes(double requests_per_second, const MemoryPressure& pressure) const;
  // Fills and markers that Redis refuses (policy kRefuse), a second.
  double RefusedPerSecond(double requests_per_second, const MemoryPressure& pressure) const;

 private:
  std::vector<CachedValues> values_;
  Eviction policy_;
  double limit_;
  double fixed_;
  bool limited_ = false;
};

// "" and unknown names: kRefuse, Redis' default. The least-frequently-used policies count as
// kLeastRecent.
Eviction EvictionOf(const std::string& maxmemory_policy);

}  // namespace simulator
