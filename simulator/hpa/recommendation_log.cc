#include "simulator/hpa/recommendation_log.h"

#include <algorithm>

namespace simulator::hpa {

void RecommendationLog::Record(Recommendation entry, int overwrite_index) {
  if (overwrite_index >= 0) {
    entries_[overwrite_index] = entry;
  } else {
    entries_.push_back(entry);
  }
}

int32_t RecommendationLog::StabilizeLegacy(int64_t now_ns, int64_t window_ns, int32_t desired) {
  int32_t highest = desired;
  int old_index = -1;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (now_ns - entries_[i].time_ns > window_ns) {
      old_index = static_cast<int>(i);
    } else {
      highest = std::max(highest, entries_[i].replicas);
    }
  }
  Record({desired, now_ns}, old_index);
  return highest;
}

int32_t RecommendationLog::StabilizeByBehavior(int64_t now_ns, int64_t up_window_ns,
                                               int64_t down_window_ns, int32_t current,
                                               int32_t desired) {
  int32_t lowest = desired;
  int32_t highest = desired;
  int old_index = -1;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const int64_t age_ns = now_ns - entries_[i].time_ns;
    if (age_ns < up_window_ns) lowest = std::min(lowest, entries_[i].replicas);
    if (age_ns < down_window_ns) highest = std::max(highest, entries_[i].replicas);
    if (age_ns > up_window_ns && age_ns > down_window_ns) old_index = static_cast<int>(i);
  }
  Record({desired, now_ns}, old_index);
  return std::clamp(current, lowest, highest);
}

}  // namespace simulator::hpa
