// Calibrates a limited host at low loads, predicts higher ones, writes the predictions down, then
// measures and scores them (docs/validation.md):
//
//   ./tools/bazel run //tests/conformance:blind_one_host -- --out out/conformance

#include <gflags/gflags.h>

#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/paths.h"
#include "tests/conformance/blind_run.h"

DEFINE_string(out, "out/conformance", "folder for everything it writes");
DEFINE_int32(pods, 1, "servers on one database and Redis, each in its own CPU group, 1 to 4");
DEFINE_double(server_cores, 0.3, "CPU limit of each pod's processes together");
DEFINE_double(database_cores, 1.0, "CPU limit of PostgreSQL's processes together");
DEFINE_double(period_ms, 5, "period of both limits, 1 to 1000; Kubernetes' is 100");
DEFINE_bool(
    model_period, true,
    "the simulator is told the period of the server's limit; otherwise it takes the limit for "
    "a slower CPU");
DEFINE_bool(
    model_host, false,
    "the simulator is told that all parts share this machine's cores; off: that each has its "
    "limit for itself");
DEFINE_int32(workers, 1, "worker processes of each pod");
DEFINE_int32(database_connections, 2, "connections per worker");
DEFINE_string(levels, "0.05,0.15,0.3", "calibrated at, of saturation");
DEFINE_string(points, "0.3,0.5,0.7", "predicted and measured, of saturation");
DEFINE_double(limit_ms, 50, "the load at which p95 crosses this is predicted and looked for");
DEFINE_double(think_time_seconds, 0.5, "mean think time of predicted and measured runs");
DEFINE_int32(restarts, 3, "of server and databases; each measures every point once");
DEFINE_double(measured_seconds, 10, "length of a measured run");
DEFINE_double(window_seconds, 1, "calibration: length of a window");
DEFINE_int32(windows, 6, "calibration: windows per level and mix");
DEFINE_uint64(seed, 1, "of the simulations; measured runs take the following ones");
DEFINE_string(profile, "", "profile.json of an earlier run: predict from it, do not calibrate");
DEFINE_string(think_law, "exponential", "exponential, constant or lognormal");
DEFINE_int32(connection_limit, 0,
             "connections that PostgreSQL grants the server's processes together; 0: all wanted");
DEFINE_string(cache, "on",
              "on; off: servers without cache and Redis; lost: all Redis nodes are killed before "
              "the measurement");
DEFINE_bool(crossing, true, "measure where p95 crosses the limit");
DEFINE_bool(fit_saturation, true,
            "calibration fits the saturated windows too; otherwise they only set the scale");
DEFINE_bool(gate, false, "exit 1 when a figure misses its tolerance");

namespace {

absl::Status ReadShares(const char* flag, const std::string& text, std::vector<double>* shares) {
  shares->clear();
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    double share = 0;
    if (!absl::SimpleAtod(part, &share) || !(share > 0 && share < 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, ": expected shares between 0 and 1, found '", text, "'"));
    }
    shares->push_back(share);
  }
  return absl::OkStatus();
}

absl::StatusOr<conformance::BlindOptions> ReadFlags() {
  conformance::BlindOptions options;
  absl::Status status = ReadShares("levels", FLAGS_levels, &options.calibration.levels);
  status.Update(ReadShares("points", FLAGS_points, &options.points));
  if (!status.ok()) return status;
  const bool sensible =
      FLAGS_workers >= 1 && FLAGS_workers <= 64 && FLAGS_database_connections >= 1 &&
      FLAGS_connection_limit >= 0 && FLAGS_restarts >= 1 && FLAGS_restarts <= 100 &&
      FLAGS_windows >= 2 && FLAGS_windows <= 1000 && FLAGS_window_seconds >= 0.2 &&
      FLAGS_window_seconds <= 60 && FLAGS_measured_seconds >= 1 && FLAGS_measured_seconds <= 600 &&
      FLAGS_think_time_seconds > 0 && FLAGS_limit_ms > 0;
  if (!sensible) return absl::InvalidArgumentError("a flag is out of range; see --help");
  options.out_dir = base::ResolvePath(FLAGS_out);
  options.limits = {.pods = FLAGS_pods,
                    .server_cores = FLAGS_server_cores,
                    .database_cores = FLAGS_database_cores,
                    .period = absl::Milliseconds(FLAGS_period_ms),
                    .shared_cores = FLAGS_model_host ? conformance::CoresHere() : 0,
                    .model_period = FLAGS_model_period,
                    .workers = FLAGS_workers,
                    .connections_per_worker = FLAGS_database_connections,
                    .connection_limit = FLAGS_connection_limit,
                    .cache = FLAGS_cache};
  if (!FLAGS_profile.empty()) options.profile_path = base::ResolvePath(FLAGS_profile);
  options.think_law = FLAGS_think_law;
  options.crossing = FLAGS_crossing;
  options.calibration.fit_saturation = FLAGS_fit_saturation;
  options.limit_ms = FLAGS_limit_ms;
  options.think_time_seconds = FLAGS_think_time_seconds;
  options.restarts = FLAGS_restarts;
  options.measured_run = absl::Seconds(FLAGS_measured_seconds);
  options.calibration.window = absl::Seconds(FLAGS_window_seconds);
  options.calibration.windows_per_run = FLAGS_windows;
  options.seed = FLAGS_seed;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("blind_one_host [--out FOLDER]: predict, seal, measure, score");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  auto options = ReadFlags();
  absl::StatusOr<conformance::BlindOutcome> outcome =
      options.ok() ? conformance::RunBlind(*options) : options.status();
  if (!outcome.ok()) {
    const std::string message(outcome.status().message());
    std::fprintf(stderr, "blind_one_host: %s\n", message.c_str());
    return absl::IsCancelled(outcome.status()) ? 130 : 1;
  }
  std::printf("%d of %d figures missed their tolerance\n", outcome->missed, outcome->scored);
  return FLAGS_gate && outcome->missed > 0 ? 1 : 0;
}
