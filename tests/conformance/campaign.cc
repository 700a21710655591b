// Every variant of the blind check on one host: calibrates once, seals all predictions, then
// measures each in several restarts, and scores (docs/validation.md). Runs as a whole or step by
// step, and goes on where it was left:
//
//   ./tools/bazel run //tests/conformance:campaign -- --out DIR [--restarts 5]
//   ... -- calibrate|seal|measure|score --out DIR [--minutes 10] [--variants base,pods]

#include <gflags/gflags.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "base/signals.h"
#include "tests/conformance/campaign_run.h"

DEFINE_string(out, "out/campaign",
              "folder for everything it writes; taken up again when it exists");
DEFINE_int32(restarts, 5, "measure: of servers and databases, each measures every point; 1 to 100");
DEFINE_double(minutes, 0, "measure: start no host that does not fit into this time; 0: no limit");
DEFINE_string(variants, "",
              "measure and score only these, by name or the part before '-': base,pods,pool-16");
DEFINE_bool(quick, false, "short calibration and runs, one restart: to see that it works");
DEFINE_double(measured_seconds, 6, "seal: length of a measured run");
DEFINE_double(think_time_seconds, 0.5, "seal: mean think time of predicted and measured runs");
DEFINE_double(limit_ms, 50, "seal: the load at which p95 crosses this is predicted and looked for");
DEFINE_double(server_cores, 0.3,
              "seal: CPU limit of the server of one pod; of pods-N a third each");
DEFINE_double(database_cores, 1, "seal: CPU limit of PostgreSQL");
DEFINE_int32(windows, 6, "calibrate: windows per level and mix");
DEFINE_double(window_seconds, 0.8, "calibrate: length of a window");
DEFINE_bool(model_host, false,
            "seal: the simulator is told that all parts share this machine's cores; off: that each "
            "has its limit for itself");
DEFINE_uint64(seed, 1, "seal: of the simulations; measured runs take the following ones");

namespace {

absl::StatusOr<conformance::CampaignRunOptions> ReadFlags() {
  const bool sensible = FLAGS_restarts >= 1 && FLAGS_restarts <= 100 && FLAGS_minutes >= 0 &&
                        FLAGS_minutes <= 1000 && FLAGS_measured_seconds >= 1 &&
                        FLAGS_measured_seconds <= 600 && FLAGS_think_time_seconds > 0 &&
                        FLAGS_limit_ms > 0 && FLAGS_server_cores > 0 && FLAGS_database_cores > 0 &&
                        FLAGS_windows >= 2 && FLAGS_windows <= 1000 &&
                        FLAGS_window_seconds >= 0.2 && FLAGS_window_seconds <= 60;
  if (!sensible) return absl::InvalidArgumentError("a flag is out of range; see --help");
  conformance::CampaignRunOptions options;
  options.out_dir = base::ResolvePath(FLAGS_out);
  options.restarts = FLAGS_quick ? 1 : FLAGS_restarts;
  options.variants = FLAGS_variants;
  options.time_left = absl::Minutes(FLAGS_minutes);
  options.settings.server_cores = FLAGS_server_cores;
  options.settings.shared_cores = FLAGS_model_host ? conformance::CoresHere() : 0;
  options.settings.pod_cores = FLAGS_server_cores / 3;
  options.settings.database_cores = FLAGS_database_cores;
  options.settings.think_time_seconds = FLAGS_think_time_seconds;
  options.settings.limit_ms = FLAGS_limit_ms;
  options.settings.measured_seconds = FLAGS_quick ? 3 : FLAGS_measured_seconds;
  options.settings.warm_up_seconds = FLAGS_quick ? 2 : 3;
  options.settings.seed = FLAGS_seed;
  options.calibration.windows_per_run = FLAGS_quick ? 3 : FLAGS_windows;
  options.calibration.window = absl::Seconds(FLAGS_quick ? 0.4 : FLAGS_window_seconds);
  // A wrong limit or name is found before anything has taken its time.
  const auto points = conformance::PlanCampaign(options.settings);
  for (const conformance::PlannedPoint& point : points) {
    absl::Status status = conformance::CheckLimits(point.limits, conformance::CoresHere());
    if (!status.ok()) return absl::InvalidArgumentError(point.id() + ": " + status.ToString());
  }
  if (auto chosen = conformance::Choose(points, FLAGS_variants); !chosen.ok()) {
    return chosen.status();
  }
  return options;
}

absl::Status Run(const std::string& step, const conformance::CampaignRunOptions& options,
                 const base::StopSignals& stop) {
  conformance::CampaignRun run(options, [&stop] { return stop.Pending(); });
  absl::Status status;
  if (step == "all" || step == "calibrate") status = run.Calibrate();
  if (status.ok() && (step == "all" || step == "seal")) status = run.Seal();
  if (status.ok() && (step == "all" || step == "measure")) status = run.Measure();
  if (status.ok() && (step == "all" || step == "measure" || step == "score")) {
    status = run.Score().status();
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage(
      "campaign [all|calibrate|seal|measure|score] [--out DIR] [--minutes M] [--variants A,B]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  const std::string step = argc > 1 ? argv[1] : "all";
  if (argc > 2 || (step != "all" && step != "calibrate" && step != "seal" && step != "measure" &&
                   step != "score")) {
    std::fprintf(stderr, "campaign: expected all, calibrate, seal, measure or score, found '%s'\n",
                 argv[argc > 2 ? 2 : 1]);
    return 2;
  }
  const base::StopSignals stop;
  auto options = ReadFlags();
  const absl::Status status = options.ok() ? Run(step, *options, stop) : options.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "campaign: %s\n", std::string(status.message()).c_str());
  return absl::IsCancelled(status) ? 130 : 1;
}
