#include "tests/conformance/blind_run.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/paths.h"
#include "base/signals.h"
#include "model/io.h"
#include "tests/conformance/crossing.h"
#include "tests/conformance/host_runs.h"
#include "tests/conformance/load_run.h"
#include "tests/conformance/prediction_log.h"
#include "tests/conformance/score_report.h"
#include "tests/conformance/scoring.h"
#include "tests/conformance/variants.h"

namespace conformance {
namespace {

// Where the predicted crossing is looked for, of saturation.
constexpr double kPredictedLow = 0.3;
constexpr double kPredictedHigh = 2.5;

class BlindRun {
 public:
  explicit BlindRun(const BlindOptions& options)
      : options_(options),
        begin_(absl::Now()),
        runs_(
            options.out_dir, [this] { return stop_.Pending(); },
            [this](const std::string& line) { Say(line); }) {}

  absl::StatusOr<BlindOutcome> Run() {
    if (auto status = CheckLimits(options_.limits, CoresHere()); !status.ok()) return status;
    if (absl::Status status = runs_.Prepare(); !status.ok()) return status;
    programs_ = runs_.programs();
    for (auto step : {&BlindRun::Calibrate, &BlindRun::ApplyVariant, &BlindRun::PredictPoints,
                      &BlindRun::PredictCrossing, &BlindRun::MeasureAll, &BlindRun::Publish}) {
      if (stop_.Pending()) return absl::CancelledError("interrupted");
      if (step == &BlindRun::PredictCrossing && !options_.crossing) continue;
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    return outcome_;
  }

 private:
  // Predictions are for the host as it will be measured; calibration saw it as it is usually.
  absl::Status ApplyVariant() {
    auto profile = model::ReadJson<model::Profile>(Path("profile.json"));
    if (!profile.ok()) return profile.status();
    if (options_.limits.cache == "off") {
      absl::Status status = model::WriteJson(WithoutCache(*profile), Path("profile.json"));
      if (!status.ok()) return status;
    }
    if (auto status = base::WriteFile(Path("faults.yaml"), kCacheLost); !status.ok()) return status;
    auto scenario = WithThinkLaw(programs_.scenario, options_.think_law);
    if (!scenario.ok()) return scenario.status();
    programs_.scenario = Path("scenario.yaml");
    if (auto status = base::WriteFile(programs_.scenario, *scenario); !status.ok()) return status;
    return model::WriteFile(DeploymentYaml(options_.limits), Path("deployment.yaml"));
  }

  absl::Status TakeProfile(const model::Profile& profile) {
    auto saturation = SaturationOf(profile);
    if (!saturation.ok()) return saturation.status();
    saturation_ = *saturation;
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
    HostLimits cached = options_.limits;
    cached.cache = "on";
    auto profile = runs_.Calibrate(cached, options_.calibration);
    return profile.ok() ? TakeProfile(*profile) : profile.status();
  }

  // A share of what all pods together can do.
  uint64_t UsersAt(double share) const {
    return static_cast<uint64_t>(std::max(
        1.0, std::round(share * saturation_ * options_.limits.pods * options_.think_time_seconds)));
  }

  absl::StatusOr<model::Result> PredictUsers(uint64_t users, const std::string& name) {
    RunSettings settings;
    settings.users = users;
    settings.think_time_seconds = options_.think_time_seconds;
    settings.seed = options_.seed;
    settings.out = Path(absl::StrCat("predicted-", name, ".json"));
    if (options_.limits.cache == "lost") settings.faults = Path("faults.yaml");
    // What is refused depends on how many have been refused before (docs/simulator.md, deadline).
    settings.same_length = options_.limits.connection_limit > 0;
    settings.duration = options_.measured_run;
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

  absl::Status PredictCrossing() {
    auto p95_at = [this](uint64_t users) -> absl::StatusOr<double> {
      auto result = PredictUsers(users, "crossing");
      if (!result.ok()) return result.status();
      report_.crossing.predicted = FiguresOf(*result);
      return report_.crossing.predicted.p95_ms;
    };
    auto crossing =
        FindCrossing(UsersAt(kPredictedLow), UsersAt(kPredictedHigh), options_.limit_ms, p95_at);
    if (!crossing.ok()) return crossing.status();
    report_.crossing.users = *crossing;
    if (auto value = p95_at(*crossing); !value.ok()) return value.status();
    return SealPoint(absl::StrFormat("p95 crosses %g ms", options_.limit_ms), "crossing",
                     report_.crossing.users, report_.crossing.predicted);
  }

  absl::Status MeasureAll() {
    for (int restart = 1; restart <= options_.restarts; ++restart) {
      auto host = runs_.Start(options_.limits);
      if (!host.ok()) return host.status();
      auto saturation = runs_.WarmUp(**host, options_.calibration.saturation_run);
      if (!saturation.ok()) return saturation.status();
      report_.saturation_seen.push_back(*saturation);
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

  absl::StatusOr<MeasuredPoint> MeasureUsers(const LimitedHost& host, int restart, uint64_t users) {
    RunRequest request;
    request.restart = restart;
    request.users = users;
    request.think_time_seconds = options_.think_time_seconds;
    request.duration = options_.measured_run;
    request.seed = options_.seed + static_cast<uint64_t>(restart);
    request.scenario_path = programs_.scenario;
    request.out = Path(absl::StrFormat("measured-%d-users-%d.json", users, restart));
    return runs_.Measure(host, request);
  }

  absl::Status MeasureCrossing(const LimitedHost& host, int restart) {
    const auto predicted = static_cast<double>(report_.crossing.users);
    auto found =
        SearchCrossing(predicted, options_.limit_ms, [&](uint64_t users) -> absl::StatusOr<double> {
          auto run = MeasureUsers(host, restart, users);
          if (!run.ok()) return run.status();
          const double p95_ms = run->figures.p95_ms;
          report_.crossing.measured.push_back(*std::move(run));
          return p95_ms;
        });
    if (!found.ok()) return found.status();
    if (found->users <= 0) {
      Say(absl::StrCat("restart ", restart, ": p95 was above the limit at every load tried"));
      return absl::OkStatus();
    }
    report_.crossing_seen.push_back(found->users);
    if (!found->reached) ++report_.crossing_not_reached;
    Say(absl::StrFormat("restart %d: p95 crosses %g ms %s %.0f users; predicted %.0f", restart,
                        options_.limit_ms, found->reached ? "at" : "beyond", found->users,
                        predicted));
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

  std::string Path(const std::string& name) const {
    return absl::StrCat(options_.out_dir, "/", name);
  }
  void Say(const std::string& line) const {
    fprintf(stderr, "[%5.1f s] %s\n", absl::ToDoubleSeconds(absl::Now() - begin_), line.c_str());
  }

  const BlindOptions& options_;
  const absl::Time begin_;
  base::StopSignals stop_;
  HostRuns runs_;
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
