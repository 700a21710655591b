// The log of raw recommendations that the stabilization windows look at.
//
// Storage order matters: an outdated entry is overwritten in place (the last one in storage
// order), otherwise the new entry is appended, exactly as the controller does; so the log stays
// about as long as a window has syncs. Stored values are raw, before any limit.
#pragma once

#include <cstdint>
#include <vector>

namespace simulator::hpa {

struct Recommendation {
  int32_t replicas = 0;
  int64_t time_ns = 0;
};

class RecommendationLog {
 public:
  RecommendationLog() = default;
  explicit RecommendationLog(std::vector<Recommendation> entries) : entries_(std::move(entries)) {}

  // Path without spec.behavior: the largest of `desired` and all entries with age <= window.
  // Only scale-down is stabilized. Records (desired, now) over the last entry with age > window.
  int32_t StabilizeLegacy(int64_t now_ns, int64_t window_ns, int32_t desired);

  // Path with spec.behavior: `current` clamped into [lo, hi], lo = min(desired, entries with
  // age < up_window), hi = max(desired, entries with age < down_window). Records (desired, now)
  // over the last entry with age > both windows; an entry exactly at a window neither counts nor
  // is reused.
  int32_t StabilizeByBehavior(int64_t now_ns, int64_t up_window_ns, int64_t down_window_ns,
                              int32_t current, int32_t desired);

  void Append(int32_t replicas, int64_t now_ns) { entries_.push_back({replicas, now_ns}); }
  const std::vector<Recommendation>& entries() const { return entries_; }

 private:
  void Record(Recommendation entry, int overwrite_index);

  std::vector<Recommendation> entries_;
};

}  // namespace simulator::hpa
