#pragma once

#include <array>
#include <string_view>

// What the server's record cache keeps: server, calibration and simulator agree on it here.
namespace model {

struct CachePolicy {
  std::string_view operation;                      // the read that is cached
  int ttl_seconds;                                 // from the fill; reads do not prolong it
  std::array<std::string_view, 2> invalidated_by;  // writes that bury the value; "" for none
};

inline constexpr CachePolicy kCachedAvailability{
    "appointments.availability", 30, {"appointments.create", "appointments.cancel"}};
inline constexpr CachePolicy kCachedRecord{"ehr.comprehensive", 60, {"ehr.add_vitals", ""}};
inline constexpr std::array<CachePolicy, 2> kCachePolicies = {kCachedAvailability, kCachedRecord};

// After a write's commit the key stays empty, and cannot be filled, for so long.
inline constexpr int kCacheSettleSeconds = 5;

// After a worker lost a Redis master, or another node took its place, it leaves that node's keys
// alone for so long: by then no value from before is left (server/cache/record_cache.h).
inline constexpr int kCacheDistrustSeconds = 90;

}  // namespace model
