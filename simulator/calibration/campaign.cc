#include "simulator/calibration/campaign.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/paths.h"
#include "base/subprocess.h"
#include "model/distribution.h"
#include "model/histogram.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "model/scenario_loader.h"
#include "simulator/calibration/database_probe.h"
#include "simulator/calibration/profile_builder.h"
#include "simulator/calibration/redis_probe.h"
#include "simulator/calibration/round_trip_probe.h"
#include "simulator/calibration/variant.h"
#include "simulator/calibration/wal_probe.h"

namespace simulator {
namespace {

// Exit codes of the load generator that still leave a usable run: thresholds failed, or the
// generator was the bottleneck (the windows below look at the server, not at its latencies).
constexpr int kThresholdsFailed = 99;
constexpr int kInvalid = 110;
constexpr absl::Duration kStopGrace = absl::Seconds(10);
constexpr absl::Duration kClientRun = absl::Seconds(2);
constexpr int kClientUsers = 100;
constexpr char kClientScenario[] = R"(name: client
users: {model: closed, stages: [{ramp_to: 100, over: 100ms}, {hold: 60s}], signed_in: token}
think_time: {exponential: {mean: 500ms}}
journeys:
  - name: live
    weight: 1
    role: PATIENT
    steps:
      - name: live
        operation: health.live
        request: {get: /health/live}
        check: {status: 200}
)";

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
    if (absl::Status status = MeasureClient(); !status.ok()) return status;
    if (absl::Status status = FindSaturation(); !status.ok()) return status;
    for (const CalibrationRun& run : CalibrationRuns(options_.levels, *journeys)) {
      absl::Status status = run.journey.empty() ? RunAsWritten(run.level) : RunJourney(run);
      if (!status.ok()) return status;
    }
    return BuildProfile(windows_, idle_, *scenario, separate_);
  }

 private:
  // PostgreSQL and Redis on a quiet machine, without the server.
  absl::Status ProbeAlone() {
    if (server_.database_url.empty()) return absl::OkStatus();
    if (absl::Status status = ProbeRedis(); !status.ok()) return status;
    auto probe = ProbeDatabase(server_.database_url);
    if (!probe.ok()) return probe.status();
    separate_.connect_seconds = probe->connect_seconds;
    separate_.flush_seconds = probe->flush_seconds;
    separate_.flush_quantile_seconds = probe->flush_quantile_seconds;
    server_.audit_pids = probe->audit_backends;
    server_.request_pids = probe->request_backends;
    auto database = ProbeDatabaseRoundTrip(server_.database_url);
    if (!database.ok()) return database.status();
    separate_.database_round_trip_seconds = *database;
    separate_.memory_per_connection_bytes = probe->memory_per_connection_bytes;
    return absl::OkStatus();
  }

  // A server without a cache has none.
  absl::Status ProbeRedis() {
    if (server_.redis_url.empty()) return absl::OkStatus();
    auto command = ProbeRedisCommandSeconds(server_.redis_url, server_.redis_pids);
    if (!command.ok()) return command.status();
    separate_.redis_command_seconds = *command;
    auto round_trip = ProbeRedisRoundTrip(server_.redis_url, server_.redis_pids);
    if (!round_trip.ok()) return round_trip.status();
    separate_.redis_round_trip_seconds = *round_trip;
    auto client = ProbeRedisClientCpu(server_.redis_url);
    if (!client.ok()) return client.status();
    separate_.redis_client_cpu_seconds = *client;
    return absl::OkStatus();
  }

  // Others' writes can only lengthen a flush: the probe with the least median counts.
  absl::Status ProbeFlushAgain() {
    if (server_.database_url.empty()) return absl::OkStatus();
    auto quantiles = ProbeFlushQuantiles(server_.database_url);
    if (!quantiles.ok()) return quantiles.status();
    const double median = (*quantiles)[quantiles->size() / 2];
    if (median >= separate_.flush_seconds) return absl::OkStatus();
    separate_.flush_seconds = median;
    separate_.flush_quantile_seconds = *std::move(quantiles);
    return absl::OkStatus();
  }

  // What lies between the load generator and the server: a request that costs the server next to
  // nothing, at a low rate, less what it does cost. The lower half of the response times only; the
  // rest holds what others on the machine did meanwhile.
  absl::Status MeasureClient() {
    const std::string scenario = Path("client.yaml");
    if (absl::Status status = base::WriteFile(scenario, kClientScenario); !status.ok()) {
      return status;
    }
    const std::string out = Path("client.json");
    auto load = StartLoad(scenario, 1, options_.warm_up + kClientRun, out, kClientUsers);
    if (!load.ok()) return load.status();
    if (absl::Status status = Pause(options_.warm_up); !status.ok()) return status;
    auto before = Observe(server_);
    if (!before.ok()) return before.status();
    if (absl::Status status = Pause(kClientRun - absl::Milliseconds(300)); !status.ok()) {
      return status;
    }
    auto after = Observe(server_);
    if (!after.ok()) return after.status();
    if (absl::Status status = Finish(*load); !status.ok()) return status;
    auto result = model::ReadJson<model::Result>(out);
    if (!result.ok()) return result.status();
    double idle_cpu = 0;
    double idle_seconds = 0;
    for (const ObservedWindow& window : idle_) {
      idle_cpu += window.seen.server_cpu_seconds;
      idle_seconds += window.seen.at_seconds;
    }
    const Observation window = Difference(*after, *before);
    const auto live = window.operations.find("health.live");
    if (live == window.operations.end() || live->second.requests < 10) {
      return absl::UnavailableError(
          absl::StrCat("the load generator did not reach /health/live; see ", LogPath()));
    }
    const double cpu =
        (window.server_cpu_seconds - window.at_seconds * idle_cpu / std::max(1e-9, idle_seconds)) /
        live->second.requests;
    const double median =
        static_cast<double>(model::QuantileOf(result->total().service_time(), 0.5)) / 1e9;
    separate_.client_round_trip_seconds = std::max(0.0, median - std::max(0.0, cpu));
    Say(absl::StrFormat("client: %.0f us beside the server's %.0f us",
                        1e6 * separate_.client_round_trip_seconds, 1e6 * cpu));
    return absl::OkStatus();
  }

  // Throughput of the scenario without think time: what the levels are fractions of.
  absl::Status FindSaturation() {
    const std::string out = absl::StrCat(options_.work_dir, "/saturation.json");
    auto load = StartLoad(options_.scenario_path, 0, options_.saturation_run + options_.warm_up,
                          out, kSaturationUsers);
    if (!load.ok()) return load.status();
    if (absl::Status status = Pause(options_.warm_up); !status.ok()) return status;
    std::vector<ObservedWindow> seen;
    const auto pieces =
        static_cast<int>((options_.saturation_run - absl::Milliseconds(300)) / options_.window);
    absl::Status status = ObserveWindows(1, std::max(2, pieces), &seen);
    if (!status.ok()) return status;
    double requests = 0;
    double seconds = 0;
    for (ObservedWindow& window : seen) {
      requests += TotalRequests(window.seen);
      seconds += window.seen.at_seconds;
      window.saturated = true;
      window.users = kSaturationUsers;
      if (options_.fit_saturation) windows_.push_back(std::move(window));
    }
    separate_.saturation_per_second = requests / seconds;
    if (status = Finish(*load); !status.ok()) return status;
    Say(absl::StrFormat("saturation: %.0f requests/s", separate_.saturation_per_second));
    if (separate_.saturation_per_second < 1) {
      return absl::UnavailableError("the server finished no request at think time 0");
    }
    return ReadBytes(out);
  }

  absl::Status RunAsWritten(double level) {
    absl::Status status = RunVariant(level, options_.scenario_path, "as written");
    return status.ok() ? ProbeFlushAgain() : status;
  }

  absl::Status RunJourney(const CalibrationRun& run) {
    const std::string scenario = absl::StrCat(options_.work_dir, "/variant-", run.number, ".yaml");
    absl::Status status =
        WriteVariant(options_.scenario_path, run.journey, options_.emphasis, scenario);
    return status.ok() ? RunVariant(run.level, scenario, run.journey) : status;
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
    double server_cpu = 0;
    double database_cpu = 0;
    for (ObservedWindow& window : seen) {
      requests += TotalRequests(window.seen);
      seconds += window.seen.at_seconds;
      server_cpu += window.seen.server_cpu_seconds;
      database_cpu += window.seen.database_cpu_seconds;
      window.as_written = scenario == options_.scenario_path;
      windows_.push_back(std::move(window));
    }
    Say(absl::StrFormat("level %.0f %%, %s: %.0f requests/s, server %.0f us, database %.0f us",
                        100 * level, name, requests / seconds, 1e6 * server_cpu / requests,
                        1e6 * database_cpu / requests));
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

  absl::Status ObserveWindows(double level, std::vector<ObservedWindow>* windows) const {
    return ObserveWindows(level, options_.windows_per_run, windows);
  }

  // Windows of whatever load there is.
  absl::Status ObserveWindows(double level, int count, std::vector<ObservedWindow>* windows) const {
    std::optional<WalMeter> wal;
    if (!server_.database_url.empty()) {
      auto meter = WalMeter::Connect(server_.database_url);
      if (!meter.ok()) return meter.status();
      wal.emplace(*std::move(meter));
    }
    const auto wal_bytes = [&] { return wal ? wal->Bytes() : absl::StatusOr<double>(-1.0); };
    auto before = Observe(server_);
    if (!before.ok()) return before.status();
    auto wal_before = wal_bytes();
    if (!wal_before.ok()) return wal_before.status();
    for (int i = 0; i < count; ++i) {
      if (absl::Status status = Pause(options_.window); !status.ok()) return status;
      auto after = Observe(server_);
      if (!after.ok()) return after.status();
      auto wal_after = wal_bytes();
      if (!wal_after.ok()) return wal_after.status();
      ObservedWindow window;
      if (wal) window.wal_bytes = *wal_after - *wal_before;
      wal_before = wal_after;
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
    auto process = base::Subprocess::Start(child);
    if (process.ok()) server_.client_pid = process->pid();
    return process;
  }

  absl::Status Finish(base::Subprocess& load) {
    server_.client_pid = 0;
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

  ServerHandle server_;
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
