#include "simulator/calibration/campaign.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/subprocess.h"
#include "model/distribution.h"
#include "model/histogram.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "model/scenario_loader.h"
#include "simulator/calibration/database_probe.h"
#include "simulator/calibration/profile_builder.h"
#include "simulator/calibration/redis_probe.h"
#include "simulator/calibration/variant.h"

namespace simulator {
namespace {

// Exit codes of the load generator that still leave a usable run: thresholds failed, or the
// generator was the bottleneck (the windows below look at the server, not at its latencies).
constexpr int kThresholdsFailed = 99;
constexpr int kInvalid = 110;
constexpr absl::Duration kStopGrace = absl::Seconds(10);

class Campaign {
 public:
  Campaign(const ServerHandle& server, const CampaignOptions& options)
      : server_(server), options_(options) {}

  absl::StatusOr<model::Profile> Run() {
    auto scenario = model::LoadScenario(options_.scenario_path);
    if (!scenario.ok()) return scenario.status();
    think_mean_seconds_ = model::MeanSeconds(scenario->think_time());
    auto journeys = JourneyNames(options_.scenario_path);
    if (!journeys.ok()) return journeys.status();
    if (absl::Status status = ProbeAlone(); !status.ok()) return status;
    if (absl::Status status = ObserveWindows(0, &idle_); !status.ok()) return status;
    if (absl::Status status = FindSaturation(); !status.ok()) return status;
    for (double level : options_.levels) {
      if (absl::Status status = RunLevel(level, *journeys); !status.ok()) return status;
    }
    return BuildProfile(windows_, idle_, *scenario, separate_);
  }

 private:
  // PostgreSQL and Redis on a quiet machine, without the server.
  absl::Status ProbeAlone() {
    if (server_.database_url.empty()) return absl::OkStatus();
    auto command = ProbeRedisCommandSeconds(server_.redis_url, server_.redis_pids);
    if (!command.ok()) return command.status();
    separate_.redis_command_seconds = *command;
    auto probe = ProbeDatabase(server_.database_url);
    if (!probe.ok()) return probe.status();
    separate_.connect_seconds = probe->connect_seconds;
    separate_.flush_seconds = probe->flush_seconds;
    separate_.memory_per_connection_bytes = probe->memory_per_connection_bytes;
    return absl::OkStatus();
  }

  // Throughput of the scenario without think time: what the levels are fractions of.
  absl::Status FindSaturation() {
    const std::string out = absl::StrCat(options_.work_dir, "/saturation.json");
    auto load = StartLoad(options_.scenario_path, 0, options_.saturation_run + options_.warm_up,
                          out, kSaturationUsers);
    if (!load.ok()) return load.status();
    if (absl::Status status = Pause(options_.warm_up); !status.ok()) return status;
    auto before = Observe(server_);
    if (!before.ok()) return before.status();
    if (absl::Status status = Pause(options_.saturation_run - absl::Milliseconds(300));
        !status.ok()) {
      return status;
    }
    auto after = Observe(server_);
    if (!after.ok()) return after.status();
    const Observation window = Difference(*after, *before);
    separate_.saturation_per_second = TotalRequests(window) / window.at_seconds;
    if (absl::Status status = Finish(*load); !status.ok()) return status;
    Say(absl::StrFormat("saturation: %.0f requests/s", separate_.saturation_per_second));
    if (separate_.saturation_per_second < 1) {
      return absl::UnavailableError("the server finished no request at think time 0");
    }
    return ReadBytes(out);
  }

  absl::Status RunLevel(double level, const std::vector<std::string>& journeys) {
    for (size_t j = 0; j <= journeys.size(); ++j) {
      std::string scenario = options_.scenario_path;
      std::string name = "as written";
      if (j < journeys.size()) {
        name = journeys[j];
        scenario = absl::StrCat(options_.work_dir, "/variant-", j, ".yaml");
        absl::Status status =
            WriteVariant(options_.scenario_path, name, options_.emphasis, scenario);
        if (!status.ok()) return status;
      }
      if (absl::Status status = RunVariant(level, scenario, name); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status RunVariant(double level, const std::string& scenario, const std::string& name) {
    // Closed model far from saturation: X = N / (Z scale + R), R small against Z scale.
    const double wanted = level * separate_.saturation_per_second;
    const double scale = options_.users / (wanted * think_mean_seconds_);
    const absl::Duration duration =
        options_.warm_up + options_.windows_per_run * options_.window + absl::Seconds(1);
    auto load = StartLoad(scenario, scale, duration, Path("calibration.json"), options_.users);
    if (!load.ok()) return load.status();
    if (absl::Status status = Pause(options_.warm_up); !status.ok()) return status;
    std::vector<ObservedWindow> seen;
    if (absl::Status status = ObserveWindows(level, &seen); !status.ok()) return status;
    double requests = 0;
    double seconds = 0;
    for (ObservedWindow& window : seen) {
      requests += TotalRequests(window.seen);
      seconds += window.seen.at_seconds;
      windows_.push_back(std::move(window));
    }
    Say(absl::StrFormat("level %.0f %%, %s: %.0f requests/s", 100 * level, name,
                        requests / seconds));
    if (absl::Status status = Finish(*load); !status.ok()) return status;
    return level == options_.levels.front() ? ReadQuietResponses(Path("calibration.json"))
                                            : absl::OkStatus();
  }

  // Means over all runs at the lowest level.
  absl::Status ReadQuietResponses(const std::string& path) {
    auto result = model::ReadJson<model::Result>(path);
    if (!result.ok()) return result.status();
    for (const model::OperationResult& item : result->operations()) {
      if (item.service_time().total_count() == 0) continue;
      double& requests = separate_.quiet_requests[item.operation()];
      double& mean = separate_.quiet_response_seconds[item.operation()];
      const auto more = static_cast<double>(item.service_time().total_count());
      mean =
          (mean * requests + model::MeanOf(item.service_time()) / 1e9 * more) / (requests + more);
      requests += more;
    }
    return absl::OkStatus();
  }

  // windows_per_run windows of whatever load there is.
  absl::Status ObserveWindows(double level, std::vector<ObservedWindow>* windows) const {
    auto before = Observe(server_);
    if (!before.ok()) return before.status();
    for (int i = 0; i < options_.windows_per_run; ++i) {
      if (absl::Status status = Pause(options_.window); !status.ok()) return status;
      auto after = Observe(server_);
      if (!after.ok()) return after.status();
      ObservedWindow window;
      window.seen = Difference(*after, *before);
      window.level = level;
      window.users = static_cast<uint32_t>(level > 0 ? options_.users : 0);
      windows->push_back(std::move(window));
      before = std::move(after);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<base::Subprocess> StartLoad(const std::string& scenario, double think_time_scale,
                                             absl::Duration duration, const std::string& out,
                                             int users) {
    base::SubprocessOptions child;
    child.argv = {options_.loadgen,
                  "run",
                  scenario,
                  absl::StrCat("--target=http://127.0.0.1:", server_.port),
                  absl::StrCat("--vus=", users),
                  absl::StrFormat("--duration=%dms", absl::ToInt64Milliseconds(duration)),
                  absl::StrFormat("--think_time_scale=%.6f", think_time_scale),
                  absl::StrCat("--tokens=", options_.tokens_path),
                  absl::StrCat("--out=", out)};
    child.argv.insert(child.argv.end(), options_.loadgen_flags.begin(),
                      options_.loadgen_flags.end());
    child.log_file = LogPath();
    return base::Subprocess::Start(child);
  }

  absl::Status Finish(base::Subprocess& load) {
    auto exit = load.Terminate(kStopGrace, SIGINT);
    if (!exit.ok()) return exit.status();
    constexpr int kInterrupted = 105;
    const bool usable =
        exit->ok() || (exit->signal == 0 && (exit->code == kThresholdsFailed ||
                                             exit->code == kInvalid || exit->code == kInterrupted));
    if (usable) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("the load generator ended with ", exit->ToString(), "; see ", LogPath()));
  }

  // Sleeps in small pieces so that `stop` is heard.
  absl::Status Pause(absl::Duration duration) const {
    const absl::Time until = absl::Now() + duration;
    while (absl::Now() < until) {
      if (options_.stop && options_.stop()) return absl::CancelledError("interrupted");
      absl::SleepFor(std::min(absl::Milliseconds(50), until - absl::Now()));
    }
    return absl::OkStatus();
  }

  // Bytes per request and answer of each operation, from the load generator's own count.
  absl::Status ReadBytes(const std::string& path) {
    auto result = model::ReadJson<model::Result>(path);
    if (!result.ok()) return result.status();
    for (const model::OperationResult& item : result->operations()) {
      if (item.requests() == 0) continue;
      const auto requests = static_cast<double>(item.requests());
      separate_.request_bytes[item.operation()] = static_cast<double>(item.bytes_sent()) / requests;
      separate_.response_bytes[item.operation()] =
          static_cast<double>(item.bytes_received()) / requests;
    }
    return absl::OkStatus();
  }

  void Say(const std::string& line) const {
    if (options_.progress) options_.progress(line);
  }

  std::string Path(const std::string& name) const {
    return absl::StrCat(options_.work_dir, "/", name);
  }

  std::string LogPath() const { return absl::StrCat(options_.work_dir, "/loadgen.log"); }

  static constexpr int kSaturationUsers = 64;

  const ServerHandle& server_;
  const CampaignOptions& options_;
  double think_mean_seconds_ = 1;
  std::vector<ObservedWindow> idle_;
  std::vector<ObservedWindow> windows_;
  SeparateMeasurements separate_;
};

}  // namespace

absl::StatusOr<model::Profile> Calibrate(const ServerHandle& server,
                                         const CampaignOptions& options) {
  return Campaign(server, options).Run();
}

}  // namespace simulator
