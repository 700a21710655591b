#include "simulator/engine/cache_memory.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/match.h"

namespace simulator {
namespace {

constexpr int kBisections = 40;
constexpr double kLeastLevel = 1e-6;

}  // namespace

CacheMemory::CacheMemory(std::vector<CachedValues> values, Eviction policy, double limit_bytes,
                         double fixed_bytes)
    : values_(std::move(values)), policy_(policy), limit_(limit_bytes), fixed_(fixed_bytes) {
  double most = fixed_;
  for (const CachedValues& value : values_) {
    most += value.model->keys() * std::max(value.value_bytes, value.marker_bytes);
  }
  limited_ = limit_ > 0 && !values_.empty() && most > limit_ && policy_ != Eviction::kNone;
}

double CacheMemory::Bytes(double requests_per_second, const MemoryPressure& pressure) const {
  double bytes = fixed_;
  for (const CachedValues& value : values_) {
    const auto residents =
        value.model->InMemory(requests_per_second * value.model->ttl_seconds(), pressure);
    bytes += residents.values * value.value_bytes + residents.markers * value.marker_bytes;
  }
  return bytes;
}

MemoryPressure CacheMemory::PressureAt(double requests_per_second) const {
  const bool refuses = policy_ == Eviction::kRefuse;
  double longest = refuses ? 1 : 0;
  for (const CachedValues& value : values_) {
    if (!refuses) longest = std::max(longest, value.model->ttl_seconds());
  }
  // Nothing is evicted at random: an infinite time until then.
  const double most = policy_ == Eviction::kRandom ? 1e9 * longest : longest;
  if (Bytes(requests_per_second, {policy_, most}) <= limit_) {
    return {policy_, policy_ == Eviction::kRandom ? std::numeric_limits<double>::infinity() : most};
  }
  double low = std::log(kLeastLevel);
  double high = std::log(most);
  for (int i = 0; i < kBisections && high - low > 1e-4; ++i) {
    const double middle = (low + high) / 2;
    const double bytes = Bytes(requests_per_second, {policy_, std::exp(middle)});
    (bytes <= limit_ ? low : high) = middle;
  }
  return {policy_, std::exp(low)};
}

double CacheMemory::RefusedPerSecond(double requests_per_second,
                                     const MemoryPressure& pressure) const {
  if (pressure.policy != Eviction::kRefuse || pressure.level >= 1) return 0;
  double refused = 0;
  for (const CachedValues& value : values_) {
    refused += (1 - pressure.level) *
               value.model->InMemory(requests_per_second * value.model->ttl_seconds(), pressure)
                   .fills_per_second;
  }
  return refused;
}

Eviction EvictionOf(const std::string& policy) {
  if (absl::EndsWith(policy, "-lru") || absl::EndsWith(policy, "-lfu")) {
    return Eviction::kLeastRecent;
  }
  if (absl::EndsWith(policy, "-random")) return Eviction::kRandom;
  if (policy == "volatile-ttl") return Eviction::kShortestTtl;
  return Eviction::kRefuse;
}

}  // namespace simulator
