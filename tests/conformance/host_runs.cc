#include "tests/conformance/host_runs.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/build_info.h"
#include "simulator/calibration/campaign.h"
#include "tests/conformance/load_run.h"

namespace conformance {
namespace {

constexpr int kWarmUpUsers = 64;

}  // namespace

absl::StatusOr<double> SaturationOf(const model::Profile& profile) {
  if (profile.loads().empty()) return absl::InvalidArgumentError("the profile has no loads");
  const model::LoadPoint& top = profile.loads(profile.loads_size() - 1);
  return top.requests_per_second() / top.utilisation();
}

absl::Status HostRuns::Prepare() {
  auto controller = base::FindCpuController();
  if (!controller.ok()) return controller.status();
  controller_ = *controller;
  auto programs = FindPrograms();
  if (!programs.ok()) return programs.status();
  programs_ = *std::move(programs);
  std::error_code error;
  std::filesystem::create_directories(Path("logs"), error);
  std::filesystem::create_directories(Path("work"), error);
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(out_dir_, ": ", error.message()));
}

absl::StatusOr<std::unique_ptr<LimitedHost>> HostRuns::Start(const HostLimits& limits) const {
  auto host = LimitedHost::Start(controller_, limits, programs_, Path("logs"), stop_);
  if (host.ok()) say_("servers, PostgreSQL and Redis are up, limits are set");
  return host;
}

absl::StatusOr<model::Profile> HostRuns::Calibrate(HostLimits limits,
                                                   const CalibrationSettings& settings) const {
  limits.pods = 1;
  limits.connection_limit = 0;
  if (limits.cache == "lost") limits.cache = "on";
  auto host = Start(limits);
  if (!host.ok()) return host.status();
  simulator::CampaignOptions campaign;
  campaign.loadgen = programs_.loadgen;
  campaign.scenario_path = programs_.scenario;
  campaign.tokens_path = (*host)->tokens_path();
  campaign.work_dir = Path("work");
  campaign.levels = settings.levels;
  campaign.window = settings.window;
  campaign.windows_per_run = settings.windows_per_run;
  campaign.saturation_run = settings.saturation_run;
  campaign.fit_saturation = settings.fit_saturation;
  campaign.stop = stop_;
  campaign.progress = [this](const std::string& line) { say_("calibrating, " + line); };
  auto profile = simulator::Calibrate((*host)->handle(), campaign);
  if (!profile.ok()) return profile.status();
  profile->set_name("limited-host");
  profile->mutable_provenance()->set_engine("calibrate");
  profile->mutable_provenance()->set_version(base::ThisBuild().version);
  profile->mutable_provenance()->set_commit(base::ThisBuild().commit);
  if (absl::Status status = (*host)->Stop(); !status.ok()) return status;
  return profile;
}

absl::StatusOr<double> HostRuns::WarmUp(const LimitedHost& host, absl::Duration duration) const {
  RunSettings settings;
  settings.users = kWarmUpUsers;
  settings.think_time_seconds = 0;
  settings.duration = duration;
  settings.out = Path("work/warm-up.json");
  settings.log_file = Path("logs/loadgen.log");
  auto run = conformance::Measure(programs_, host, settings, stop_);
  if (!run.ok()) return run.status();
  return FiguresOf(run->result).throughput;
}

absl::StatusOr<MeasuredPoint> HostRuns::Measure(const LimitedHost& host,
                                                const RunRequest& request) const {
  Programs programs = programs_;
  if (!request.scenario_path.empty()) programs.scenario = request.scenario_path;
  RunSettings settings;
  settings.users = request.users;
  settings.think_time_seconds = request.think_time_seconds;
  settings.duration = request.duration;
  settings.seed = request.seed;
  settings.out = request.out;
  settings.log_file = Path("logs/loadgen.log");
  auto run = conformance::Measure(programs, host, settings, stop_);
  if (!run.ok()) return run.status();
  MeasuredPoint point;
  point.restart = request.restart;
  point.users = request.users;
  point.figures = FiguresOf(run->result);
  point.valid = run->result.provenance().valid();
  point.started_at = run->result.provenance().started_at();
  point.server_cores = run->server_cores;
  point.database_cores = run->database_cores;
  point.redis_cores = run->redis_cores;
  point.server_throttled_share = run->server_throttled_share;
  point.database_throttled_share = run->database_throttled_share;
  say_(Describe(point));
  return point;
}

}  // namespace conformance
