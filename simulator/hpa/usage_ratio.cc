#include "simulator/hpa/usage_ratio.h"

#include "simulator/hpa/quantity.h"

namespace simulator::hpa {

absl::StatusOr<UsageRatio> UtilizationRatio(const PodSamples& samples,
                                            const std::map<std::string, int64_t>& requests_milli,
                                            int32_t target_percent) {
  int64_t usage = 0;
  int64_t request = 0;
  int64_t counted = 0;
  for (const auto& [name, sample] : samples) {
    const auto found = requests_milli.find(name);
    if (found == requests_milli.end()) continue;
    usage = SaturatingAdd(usage, sample.value_milli);
    request = SaturatingAdd(request, found->second);
    ++counted;
  }
  if (request == 0) return absl::NotFoundError("no metrics returned matched known pods");
  UsageRatio result;
  const __int128 percent = static_cast<__int128>(usage) * 100 / request;
  result.utilization_percent = SaturatingReplicas(static_cast<double>(percent));
  result.ratio =
      static_cast<double>(result.utilization_percent) / static_cast<double>(target_percent);
  result.average_milli = usage / counted;
  return result;
}

UsageRatio AverageRatio(const PodSamples& samples, int64_t target_milli) {
  int64_t usage = 0;
  for (const auto& [name, sample] : samples) usage = SaturatingAdd(usage, sample.value_milli);
  UsageRatio result;
  result.average_milli = usage / static_cast<int64_t>(samples.size());
  result.ratio = static_cast<double>(result.average_milli) / static_cast<double>(target_milli);
  return result;
}

}  // namespace simulator::hpa
