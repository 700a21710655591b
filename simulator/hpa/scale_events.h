// The size changes this controller made, which the policies' periods look back at.
//
// Only changes made by the autoscaler itself are known: manual ones and rollouts are not. At each
// store, entries of that direction older than the longest period of that direction's policies are
// marked outdated and the new event overwrites the LAST outdated one (at most one per store).
// Sums look only at times, never at the mark; so a down policy with a longer period than every
// up policy may miss up events that were overwritten. That is the real behaviour.
#pragma once

#include <cstdint>
#include <vector>

namespace simulator::hpa {

struct ScaleEvent {
  int32_t change = 0;  // absolute number of replicas
  int64_t time_ns = 0;
  bool outdated = false;
};

using ScaleEventList = std::vector<ScaleEvent>;

struct ScaleEvents {
  ScaleEventList up;
  ScaleEventList down;
};

// Sum of the changes strictly younger than the period.
int32_t ChangeWithin(const ScaleEventList& events, int64_t now_ns, int32_t period_seconds);

// Records a change of |change| replicas made now.
void StoreScaleEvent(int32_t change, int64_t now_ns, int32_t longest_period_seconds,
                     ScaleEventList* events);

}  // namespace simulator::hpa
