#include "tests/conformance/prediction_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "model/io.h"

namespace conformance {

absl::Status Seal(const SealedPrediction& prediction, const std::string& log_path) {
  boost::json::object line;
  line["written_at"] = absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
  line["point"] = prediction.point;
  line["users"] = prediction.users;
  line["think_time_seconds"] = prediction.think_time_seconds;
  const Figures& figures = prediction.predicted;
  line["predicted"] = {{"mean_ms", figures.mean_ms},       {"p50_ms", figures.p50_ms},
                       {"p95_ms", figures.p95_ms},         {"p99_ms", figures.p99_ms},
                       {"throughput", figures.throughput}, {"error_rate", figures.error_rate}};
  boost::json::object digests;
  for (const auto& [name, path] : {std::pair{"scenario", &prediction.scenario_path},
                                   {"deployment", &prediction.deployment_path},
                                   {"profile", &prediction.profile_path},
                                   {"result", &prediction.result_path},
                                   {"simulator", &prediction.simulator_path}}) {
    auto digest = model::Sha256OfFile(*path);
    if (!digest.ok()) return digest.status();
    digests[name] = *digest;
  }
  line["sha256"] = std::move(digests);
  const std::string text = boost::json::serialize(line) + "\n";
  base::UniqueFd file(open(log_path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (file.get() < 0) return absl::ErrnoToStatus(errno, log_path);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(file.get()) != 0) {
    return absl::ErrnoToStatus(errno, log_path);
  }
  return absl::OkStatus();
}

}  // namespace conformance
