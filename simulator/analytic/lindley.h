// Lindley's recursion: the waits of a FIFO single server over a given trace.
#pragma once

#include <algorithm>
#include <vector>

namespace simulator::analytic {

// interarrival[0] is before the first customer, who finds the server free. Any time unit; the
// lists have equal length.
inline std::vector<double> LindleyWaits(const std::vector<double>& interarrival,
                                        const std::vector<double>& service) {
  std::vector<double> waits(service.size(), 0.0);
  for (size_t i = 1; i < waits.size(); ++i) {
    waits[i] = std::max(0.0, waits[i - 1] + service[i - 1] - interarrival[i]);
  }
  return waits;
}

}  // namespace simulator::analytic
