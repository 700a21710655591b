#include "simulator/hpa/scale_events.h"

#include "simulator/hpa/options.h"

namespace simulator::hpa {

int32_t ChangeWithin(const ScaleEventList& events, int64_t now_ns, int32_t period_seconds) {
  const int64_t cutoff_ns = now_ns - period_seconds * kSecond;
  int32_t sum = 0;
  for (const ScaleEvent& event : events) {
    if (event.time_ns > cutoff_ns) sum += event.change;
  }
  return sum;
}

void StoreScaleEvent(int32_t change, int64_t now_ns, int32_t longest_period_seconds,
                     ScaleEventList* events) {
  const int64_t cutoff_ns = now_ns - longest_period_seconds * kSecond;
  ScaleEvent* outdated = nullptr;
  for (ScaleEvent& event : *events) {
    if (event.time_ns < cutoff_ns) event.outdated = true;
    if (event.outdated) outdated = &event;
  }
  const ScaleEvent made{change, now_ns, false};
  if (outdated != nullptr) {
    *outdated = made;
  } else {
    events->push_back(made);
  }
}

}  // namespace simulator::hpa
