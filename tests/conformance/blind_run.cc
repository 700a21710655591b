#include "tests/conformance/blind_run.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/build_info.h"
#include "base/paths.h"
#include "base/signals.h"
#include "model/io.h"
#include "simulator/calibration/campaign.h"
#include "tests/conformance/load_run.h"
#include "tests/conformance/prediction_log.h"
#include "tests/conformance/score_report.h"
#include "tests/conformance/scoring.h"
#include "tests/conformance/variants.h"

namespace conformance {
namespace {

// The search for the crossing, in users: steps of a sixteenth while measuring, whole users while
// predicting.
constexpr double kMeasuredStep = 0.04;
constexpr int kMeasuredSteps = 8;      // at most, after the first
constexpr double kPredictedLow = 0.3;  // of saturation, as users
constexpr double kPredictedHigh = 2.5;
constexpr int kPredictedSteps = 10;
constexpr int kWarmUpUsers = 64;

class BlindRun {
 public:
  explicit BlindRun(const BlindOptions& options) : options_(options), begin_(absl::Now()) {}

  absl::StatusOr<BlindOutcome> Run() {
    auto controller = base::FindCpuController();
    if (!controller.ok()) return controller.status();
    controller_ = *controller;
    auto programs = FindPrograms();
    if (!programs.ok()) return programs.status();
    programs_ = *std::move(programs);
    std::error_code error;
    std::filesystem::create_directories(Path("logs"), error);
    std::filesystem::create_directories(Path("work"), error);
    if (error) {
      return absl::InvalidArgumentError(absl::StrCat(options_.out_dir, ": ", error.message()));
    }
    for (auto step : {&BlindRun::Calibrate, &BlindRun::ApplyVariant, &BlindRun::PredictPoints,
                      &BlindRun::PredictCrossing, &BlindRun::MeasureAll, &BlindRun::Publish}) {
      if (stop_.Pending()) return absl::CancelledError("interrupted");
      if (step == &BlindRun::PredictCrossing && !options_.crossing) continue;
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    return outcome_;
  }

 private:
  absl::StatusOr<std::unique_ptr<LimitedHost>> StartHost(const HostLimits& limits) {
    auto host = LimitedHost::Start(controller_, limits, programs_, Path("logs"), Stopper());
    if (host.ok()) Say("server, PostgreSQL and Redis are up, limits are set");
    return host;
  }

  // Predictions are for the host as it will be measured; calibration saw it as it is usually.
  absl::Status ApplyVariant() {
    auto profile = model::ReadJson<model::Profile>(Path("profile.json"));
    if (!profile.ok()) return profile.status();
    if (options_.limits.cache_lost) {
      absl::Status status = model::WriteJson(WithoutCache(*profile), Path("profile.json"));
      if (!status.ok()) return status;
    }
    auto scenario = WithThinkLaw(programs_.scenario, options_.think_law);
    if (!scenario.ok()) return scenario.status();
    programs_.scenario = Path("scenario.yaml");
    if (auto status = base::WriteFile(programs_.scenario, *scenario); !status.ok()) return status;
    return model::WriteFile(DeploymentYaml(options_.limits), Path("deployment.yaml"));
  }

  absl::Status TakeProfile(const model::Profile& profile) {
    if (profile.loads().empty()) {
      return absl::InvalidArgumentError(options_.profile_path + ": no loads");
    }
    const model::LoadPoint& top = profile.loads(profile.loads_size() - 1);
    saturation_ = top.requests_per_second() / top.utilisation();
    report_.saturation_per_second = saturation_;
    for (const model::LoadPoint& load : profile.loads()) {
      report_.calibrated_at.push_back(load.requests_per_second());
    }
    return model::WriteJson(profile, Path("profile.json"));
  }

  absl::Status Calibrate() {
    if (!options_.profile_path.empty()) {
      auto profile = model::ReadJson<model::Profile>(options_.profile_path);
      return profile.ok() ? TakeProfile(*profile) : profile.status();
    }
    if (access(Path("predictions.jsonl").c_str(), F_OK) == 0) {
      Say("predictions.jsonl exists: new predictions are appended");
    }
    HostLimits usual = options_.limits;
    usual.connection_limit = 0;
    usual.cache_lost = false;
    auto host = StartHost(usual);
    if (!host.ok()) return host.status();
    simulator::CampaignOptions campaign;
    campaign.loadgen = programs_.loadgen;
    campaign.scenario_path = programs_.scenario;
    campaign.tokens_path = (*host)->tokens_path();
    campaign.work_dir = Path("work");
    campaign.levels = options_.levels;
    campaign.window = options_.window;
    campaign.windows_per_run = options_.windows_per_run;
    campaign.saturation_run = options_.saturation_run;
    campaign.fit_saturation = options_.fit_saturation;
    campaign.stop = Stopper();
    campaign.progress = [this](const std::string& line) { Say("calibrating, " + line); };
    auto profile = simulator::Calibrate((*host)->handle(), campaign);
    if (!profile.ok()) return profile.status();
    profile->set_name("limited-host");
    profile->mutable_provenance()->set_engine("calibrate");
    profile->mutable_provenance()->set_version(base::ThisBuild().version);
    profile->mutable_provenance()->set_commit(base::ThisBuild().commit);
    if (auto status = TakeProfile(*profile); !status.ok()) return status;
    return (*host)->Stop();
  }

  uint64_t UsersAt(double share) const {
    return static_cast<uint64_t>(
        std::max(1.0, std::round(share * saturation_ * options_.think_time_seconds)));
  }

  absl::StatusOr<model::Result> PredictUsers(uint64_t users, const std::string& name) {
    RunSettings settings;
    settings.users = users;
    settings.think_time_seconds = options_.think_time_seconds;
    settings.seed = options_.seed;
    settings.out = Path(absl::StrCat("predicted-", name, ".json"));
    return Predict(programs_, Path("deployment.yaml"), Path("profile.json"), settings);
  }

  absl::Status SealPoint(const std::string& title, const std::string& name, uint64_t users,
                         const Figures& figures) {
    SealedPrediction sealed;
    sealed.point = title;
    sealed.users = users;
    sealed.think_time_seconds = options_.think_time_seconds;
    sealed.predicted = figures;
    sealed.scenario_path = programs_.scenario;
    sealed.deployment_path = Path("deployment.yaml");
    sealed.profile_path = Path("profile.json");
    sealed.result_path = Path(absl::StrCat("predicted-", name, ".json"));
    sealed.simulator_path = programs_.simulator;
    Say(absl::StrFormat("sealed %s: %d users, %.0f requests/s, mean %.2f ms, p95 %.2f ms", title,
                        users, figures.throughput, figures.mean_ms, figures.p95_ms));
    return Seal(sealed, Path("predictions.jsonl"));
  }

  absl::Status PredictPoints() {
    for (double share : options_.points) {
      PointReport point;
      point.share = share;
      point.users = UsersAt(share);
      const std::string name = absl::StrFormat("%.0f", share * 100);
      auto result = PredictUsers(point.users, name);
      if (!result.ok()) return result.status();
      point.predicted = FiguresOf(*result);
      auto status = SealPoint(name + " % of saturation", name, point.users, point.predicted);
      if (!status.ok()) return status;
      report_.points.push_back(std::move(point));
    }
    return absl::OkStatus();
  }

  // Bisection: p95 grows with the users.
  absl::Status PredictCrossing() {
    uint64_t low = UsersAt(kPredictedLow);
    uint64_t high = UsersAt(kPredictedHigh);
    std::vector<Sample> samples;
    auto p95 = [&](uint64_t users) -> absl::StatusOr<double> {
      auto result = PredictUsers(users, "crossing");
      if (!result.ok()) return result.status();
      report_.crossing.predicted = FiguresOf(*result);
      samples.push_back({static_cast<double>(users), report_.crossing.predicted.p95_ms});
      return report_.crossing.predicted.p95_ms;
    };
    for (uint64_t end : {low, high}) {
      if (auto value = p95(end); !value.ok()) return value.status();
    }
    for (int i = 0; i < kPredictedSteps && high - low > 1; ++i) {
      const uint64_t middle = (low + high) / 2;
      auto value = p95(middle);
      if (!value.ok()) return value.status();
      (*value > options_.limit_ms ? high : low) = middle;
    }
    auto crossing = Crossing(samples, options_.limit_ms);
    if (!crossing.ok()) return crossing.status();
    report_.crossing.users = static_cast<uint64_t>(std::llround(*crossing));
    if (auto value = p95(report_.crossing.users); !value.ok()) return value.status();
    return SealPoint(absl::StrFormat("p95 crosses %g ms", options_.limit_ms), "crossing",
                     report_.crossing.users, report_.crossing.predicted);
  }

  absl::Status MeasureAll() {
    for (int restart = 1; restart <= options_.restarts; ++restart) {
      auto host = StartHost(options_.limits);
      if (!host.ok()) return host.status();
      if (auto status = WarmUp(**host); !status.ok()) return status;
      for (PointReport& point : report_.points) {
        auto run = MeasureUsers(**host, restart, point.users);
        if (!run.ok()) return run.status();
        point.measured.push_back(*std::move(run));
      }
      if (options_.crossing) {
        if (auto status = MeasureCrossing(**host, restart); !status.ok()) return status;
      }
      if (auto status = (*host)->Stop(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // As calibration did before its levels: caches filled, plans prepared.
  absl::Status WarmUp(const LimitedHost& host) {
    RunSettings settings;
    settings.users = kWarmUpUsers;
    settings.think_time_seconds = 0;
    settings.duration = options_.saturation_run;
    settings.out = Path("work/warm-up.json");
    settings.log_file = Path("logs/loadgen.log");
    auto run = Measure(programs_, host, settings, Stopper());
    if (!run.ok()) return run.status();
    report_.saturation_seen.push_back(FiguresOf(run->result).throughput);
    return absl::OkStatus();
  }

  absl::StatusOr<MeasuredPoint> MeasureUsers(const LimitedHost& host, int restart, uint64_t users) {
    RunSettings settings;
    settings.users = users;
    settings.think_time_seconds = options_.think_time_seconds;
    settings.duration = options_.measured_run;
    settings.seed = options_.seed + static_cast<uint64_t>(restart);
    settings.out = Path(absl::StrFormat("measured-%d-users-%d.json", users, restart));
    settings.log_file = Path("logs/loadgen.log");
    auto run = Measure(programs_, host, settings, Stopper());
    if (!run.ok()) return run.status();
    MeasuredPoint point;
    point.restart = restart;
    point.users = users;
    point.figures = FiguresOf(run->result);
    point.valid = run->result.provenance().valid();
    point.started_at = run->result.provenance().started_at();
    point.server_cores = run->server_cores;
    point.database_cores = run->database_cores;
    point.redis_cores = run->redis_cores;
    point.server_throttled_share = run->server_throttled_share;
    point.database_throttled_share = run->database_throttled_share;
    Say(absl::StrFormat(
        "restart %d, %d users: %.0f requests/s, mean %.2f ms, p50 %.2f, p95 %.2f, p99 %.2f%s; "
        "cores: server %.3f, PostgreSQL %.3f, Redis %.3f; throttled periods: %.0f %%, %.0f %%",
        restart, users, point.figures.throughput, point.figures.mean_ms, point.figures.p50_ms,
        point.figures.p95_ms, point.figures.p99_ms, point.valid ? "" : " INVALID",
        point.server_cores, point.database_cores, point.redis_cores,
        100 * point.server_throttled_share, 100 * point.database_throttled_share));
    return point;
  }

  // From the predicted load towards the limit, in growing steps, until the limit is passed.
  absl::Status MeasureCrossing(const LimitedHost& host, int restart) {
    const auto predicted = static_cast<double>(report_.crossing.users);
    std::vector<Sample> samples;
    double factor = 1;
    double step = 0;
    for (int i = 0; i <= kMeasuredSteps; ++i) {
      const auto users = static_cast<uint64_t>(std::max(1.0, std::round(predicted * factor)));
      auto run = MeasureUsers(host, restart, users);
      if (!run.ok()) return run.status();
      samples.push_back({static_cast<double>(users), run->figures.p95_ms});
      const bool above = run->figures.p95_ms > options_.limit_ms;
      report_.crossing.measured.push_back(*std::move(run));
      if (step == 0) {
        step = above ? -kMeasuredStep : kMeasuredStep;
      } else if (above == (step > 0)) {
        break;
      } else {
        step *= 1.25;
      }
      factor += step;
    }
    auto crossing = Crossing(samples, options_.limit_ms);
    if (!crossing.ok()) {
      Say(absl::StrCat("restart ", restart, ": ", crossing.status().message()));
      if (step < 0) return absl::OkStatus();  // above the limit at every load: nothing to say
      ++report_.crossing_not_reached;
      report_.crossing_seen.push_back(samples.back().load);
      return absl::OkStatus();
    }
    report_.crossing_seen.push_back(*crossing);
    Say(absl::StrFormat("restart %d: p95 crosses %g ms at %.0f users; predicted %.0f", restart,
                        options_.limit_ms, *crossing, predicted));
    return absl::OkStatus();
  }

  absl::Status Publish() {
    report_.limit_ms = options_.limit_ms;
    report_.think_time_seconds = options_.think_time_seconds;
    report_.think_law = options_.think_law;
    report_.crossing_wanted = options_.crossing;
    report_.limits = options_.limits;
    report_.FillScores();
    for (const Score* score : report_.AllScores()) {
      if (score->tolerance <= 0) continue;
      ++outcome_.scored;
      outcome_.missed += score->within() ? 0 : 1;
    }
    std::fputs(ScoreTable(report_).c_str(), stdout);
    return model::WriteFile(ScoreJson(report_), Path("score.json"));
  }

  std::function<bool()> Stopper() {
    return [this] { return stop_.Pending(); };
  }
  std::string Path(const std::string& name) const {
    return absl::StrCat(options_.out_dir, "/", name);
  }
  void Say(const std::string& line) const {
    fprintf(stderr, "[%5.1f s] %s\n", absl::ToDoubleSeconds(absl::Now() - begin_), line.c_str());
  }

  const BlindOptions& options_;
  const absl::Time begin_;
  base::StopSignals stop_;
  base::CpuController controller_;
  Programs programs_;
  double saturation_ = 0;
  ScoreReport report_;
  BlindOutcome outcome_;
};

}  // namespace

absl::StatusOr<BlindOutcome> RunBlind(const BlindOptions& options) {
  return BlindRun(options).Run();
}

}  // namespace conformance
