#include "simulator/engine/recorder.h"

#include <algorithm>
#include <limits>

namespace simulator {

const char* OutcomeName(Outcome outcome) {
  static constexpr const char* kNames[] = {"ok",       "timeout", "refused", "pool_exhausted",
                                           "http_5xx", "shed",    "reset",   "breaker_open"};
  return kNames[outcome];
}

const char* SeriesName(size_t id) {
  static constexpr const char* kNames[] = {"users",
                                           "started_per_second",
                                           "finished_per_second",
                                           "attempts_per_second",
                                           "goodput_per_second",
                                           "p50_ms",
                                           "p95_ms",
                                           "p99_ms",
                                           "connections",
                                           "errors.timeout",
                                           "errors.refused",
                                           "errors.pool_exhausted",
                                           "errors.http_5xx",
                                           "errors.reset",
                                           "pods_desired",
                                           "pods_ready",
                                           "utilisation.server_cpu",
                                           "utilisation.database_cpu",
                                           "utilisation.redis_shard_max",
                                           "queue.database",
                                           "queue.pool_wait",
                                           "database_connections",
                                           "cache_hit_rate",
                                           "errors.shed",
                                           "errors.breaker_open",
                                           "deadline_drops_per_second",
                                           "wasted_work_share",
                                           "redis_refused_per_second"};
  static_assert(std::size(kNames) == kSeriesCount);
  return kNames[id];
}

void Recorder::EndStep(double step_seconds, bool resilience) {
  uint64_t finished = 0;
  for (uint64_t count : step_outcomes_) finished += count;
  const double rate = static_cast<double>(finished) / step_seconds;
  result.peak_per_second = std::max(result.peak_per_second, rate);
  result.series[kFinished].push_back(rate);
  result.series[kGoodput].push_back(static_cast<double>(step_outcomes_[kOk]) / step_seconds);
  const auto quantile_ms = [this](double q) {
    return step_.empty() ? std::numeric_limits<double>::quiet_NaN()
                         : static_cast<double>(step_.Quantile(q)) * 1e-6;
  };
  result.series[kP50].push_back(quantile_ms(0.50));
  result.series[kP95].push_back(quantile_ms(0.95));
  result.series[kP99].push_back(quantile_ms(0.99));
  const auto errors = [&](SeriesId id, Outcome outcome) {
    result.series[id].push_back(static_cast<double>(step_outcomes_[outcome]) / step_seconds);
  };
  errors(kErrorsTimeout, kTimeout);
  errors(kErrorsRefused, kRefused);
  errors(kErrorsPool, kPoolExhausted);
  errors(kErrorsOverloaded, kOverloaded);
  errors(kErrorsReset, kReset);
  if (resilience) {
    errors(kErrorsShed, kShed);
    errors(kErrorsBreaker, kBreakerOpen);
  }
  step_outcomes_ = {};
  step_.Clear();
}

}  // namespace simulator
