#include "server/options.h"

#include <arpa/inet.h>

#include "absl/strings/str_cat.h"

namespace server {

absl::Status Validate(const ServerOptions& options) {
  struct Range {
    const char* flag;
    int value;
    int low;
    int high;
  };
  const Range ranges[] = {
      {"port", options.port, 0, 65535},
      {"workers", options.workers, 1, 256},
      {"database_connections", options.database_connections, 1, 64},
      {"pipeline_depth", options.pipeline_depth, 1, 1024},
      {"pods", options.pods, 1, 100000},
      {"blocking_threads", options.blocking_threads, 1, 64},
      {"max_connections", options.max_connections, 0, 1000000},
      {"idle_timeout_seconds", options.idle_timeout_seconds, 1, 86400},
      {"drain_delay_seconds", options.drain_delay_seconds, 0, 600},
      {"drain_deadline_seconds", options.drain_deadline_seconds, 1, 600},
      {"seed_clinics", options.seed_clinics, 0, 100000},
      {"seed_doctors_per_clinic", options.seed_doctors_per_clinic, 1, 10000},
      {"seed_patients_per_clinic", options.seed_patients_per_clinic, 1, 1000000},
      {"seed_receptionists_per_clinic", options.seed_receptionists_per_clinic, 1, 10000},
  };
  for (const Range& range : ranges) {
    if (range.value < range.low || range.value > range.high) {
      return absl::InvalidArgumentError(absl::StrCat("--", range.flag, "=", range.value,
                                                     ": expected ", range.low, " to ", range.high));
    }
  }
  in_addr address{};
  if (inet_pton(AF_INET, options.host.c_str(), &address) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--host=", options.host, ": expected an IPv4 address"));
  }
  if (options.cache != "on" && options.cache != "off") {
    return absl::InvalidArgumentError(
        absl::StrCat("--cache=", options.cache, ": expected on or off"));
  }
  if (options.cache == "off" && !options.redis_url.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--redis_url=", options.redis_url, ": nothing to do with --cache=off"));
  }
  if (options.data_dir.empty()) return absl::InvalidArgumentError("--data_dir: expected a folder");
  return absl::OkStatus();
}

}  // namespace server
