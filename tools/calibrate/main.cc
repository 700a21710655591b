// Measures what each operation costs on a running server of ours and writes a Profile.
//
//   ./tools/bazel run //server -- --data_dir /tmp/praxis &
//   ./tools/bazel run //tools/mint -- --signing_key_file ... > tokens.txt
//   ./tools/bazel run //tools/calibrate -- --server_json /tmp/praxis/server.json
//       --tokens tokens.txt --out profile.json

#include <gflags/gflags.h>

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "base/signals.h"
#include "model/io.h"
#include "simulator/calibration/campaign.h"

DEFINE_string(server_json, "", "file server.json in the data folder of the server");
DEFINE_string(scenario, "scenarios/clinic_day.yaml", "whose operations are calibrated");
DEFINE_string(tokens, "", "tokens file made by //tools/mint for that server");
DEFINE_string(out, "profile.json", "where the Profile is written");
DEFINE_string(name, "this-server", "name of the Profile");
DEFINE_string(contention_curve, "",
              "fragment of a Profile with a measured contention curve (//tests/conformance:"
              "postgres_curve --out); empty: the published prior");
DEFINE_int32(windows, 10, "windows of observation per level and mix; 2 to 1000");
DEFINE_double(window_seconds, 1, "length of a window; 0.2 to 60");

namespace {

absl::Status Run() {
  if (FLAGS_server_json.empty() || FLAGS_tokens.empty()) {
    return absl::InvalidArgumentError("--server_json and --tokens are needed");
  }
  if (FLAGS_windows < 2 || FLAGS_windows > 1000 || FLAGS_window_seconds < 0.2 ||
      FLAGS_window_seconds > 60) {
    return absl::InvalidArgumentError("--windows must be 2..1000, --window_seconds 0.2..60");
  }
  absl::StatusOr<model::Profile> curve = absl::NotFoundError("none");
  if (!FLAGS_contention_curve.empty()) {
    curve = model::ReadJson<model::Profile>(base::ResolvePath(FLAGS_contention_curve));
    if (!curve.ok()) return curve.status();
    if (curve->database().contention_source().empty()) {
      return absl::InvalidArgumentError(FLAGS_contention_curve +
                                        ": database.contention_source: expected a measured curve");
    }
  }
  base::StopSignals stop;
  auto server = simulator::ReadServerHandle(base::ResolvePath(FLAGS_server_json));
  if (!server.ok()) return server.status();
  auto loadgen = base::Runfile("loadgen/loadgen");
  if (!loadgen.ok()) return loadgen.status();
  auto work = base::MakeTemporaryFolder("praxis-calibrate-");
  if (!work.ok()) return work.status();

  simulator::CampaignOptions campaign;
  campaign.loadgen = *loadgen;
  campaign.scenario_path = base::ResolvePath(FLAGS_scenario);
  campaign.tokens_path = base::ResolvePath(FLAGS_tokens);
  campaign.work_dir = *work;
  campaign.windows_per_run = FLAGS_windows;
  campaign.window = absl::Seconds(FLAGS_window_seconds);
  campaign.stop = [&stop] { return stop.Pending(); };
  campaign.progress = [](const std::string& line) { fprintf(stderr, "%s\n", line.c_str()); };
  auto profile = simulator::Calibrate(*server, campaign);
  if (!profile.ok()) return profile.status();  // the folder stays: its log says more
  base::FolderRemover remover(*work);
  profile->set_name(FLAGS_name);
  if (curve.ok()) {
    model::DatabaseProfile& database = *profile->mutable_database();
    const model::DatabaseProfile& measured = curve->database();
    database.set_contention_sigma(measured.contention_sigma());
    database.set_contention_kappa(measured.contention_kappa());
    database.set_contention_source(measured.contention_source());
    database.set_contention_sigma_standard_error(measured.contention_sigma_standard_error());
    database.set_contention_kappa_standard_error(measured.contention_kappa_standard_error());
    database.set_contention_connections_max(measured.contention_connections_max());
  }
  return model::WriteJson(*profile, base::ResolvePath(FLAGS_out));
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("calibrate --server_json FILE --tokens FILE [--out FILE]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  const absl::Status status = Run();
  if (status.ok()) return 0;
  const std::string message(status.message());
  fprintf(stderr, "calibrate: %s\n", message.c_str());
  return 1;
}
