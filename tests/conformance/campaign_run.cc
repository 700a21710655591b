#include "tests/conformance/campaign_run.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/paths.h"
#include "model/io.h"
#include "tests/conformance/crossing.h"
#include "tests/conformance/load_run.h"
#include "tests/conformance/prediction_log.h"
#include "tests/conformance/variants.h"

namespace conformance {
namespace {

constexpr char kProfile[] = "profile.json";
constexpr char kUncachedProfile[] = "profile-uncached.json";
// Where the predicted crossing is looked for, of saturation.
constexpr double kPredictedLow = 0.3;
constexpr double kPredictedHigh = 2.5;

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string Minutes(absl::Duration duration) {
  return absl::StrFormat("%.1f minutes", absl::ToDoubleMinutes(duration));
}

}  // namespace

CampaignRun::CampaignRun(const CampaignRunOptions& options, std::function<bool()> stop)
    : options_(options),
      stop_(std::move(stop)),
      begin_(absl::Now()),
      store_(options.out_dir),
      runs_(options.out_dir, stop_, [this](const std::string& line) { Say(line); }) {}

absl::Status CampaignRun::Prepare() {
  if (absl::Status status = runs_.Prepare(); !status.ok()) return status;
  std::error_code error;
  for (const char* name : {"predicted", "measured", "records"}) {
    std::filesystem::create_directories(Path(name), error);
    if (error) return absl::InvalidArgumentError(absl::StrCat(Path(name), ": ", error.message()));
  }
  return absl::OkStatus();
}

absl::Status CampaignRun::Calibrate() {
  HostLimits limits = PlanCampaign(options_.settings).front().limits;
  for (const auto& [cache, file] : {std::pair{"on", kProfile}, {"off", kUncachedProfile}}) {
    if (Exists(Path(file))) {
      Say(absl::StrCat(file, " is there: not calibrated again"));
      continue;
    }
    if (absl::Status status = Prepare(); !status.ok()) return status;
    limits.cache = cache;
    auto profile = runs_.Calibrate(limits, options_.calibration);
    if (!profile.ok()) return profile.status();
    if (auto status = model::WriteJson(*profile, Path(file)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string CampaignRun::DeploymentPath(const PlannedPoint& point) const {
  return Path(absl::StrCat("predicted/deployment-", point.host, ".yaml"));
}
std::string CampaignRun::ScenarioPath(const PlannedPoint& point) const {
  return Path(absl::StrCat("predicted/scenario-", point.think_law, ".yaml"));
}
std::string CampaignRun::ProfilePath(const PlannedPoint& point) const {
  if (point.limits.cache != "off") return Path(kProfile);
  return Path(point.uncached_profile ? "predicted/profile-uncached.json"
                                     : "predicted/profile-without-cache.json");
}

absl::StatusOr<Figures> CampaignRun::PredictUsers(const PlannedPoint& point, uint64_t users) {
  if (stop_()) return absl::CancelledError("interrupted");
  Programs programs = runs_.programs();
  programs.scenario = ScenarioPath(point);
  RunSettings settings;
  settings.users = users;
  settings.think_time_seconds = options_.settings.think_time_seconds;
  settings.seed = options_.settings.seed;
  settings.out = Path(absl::StrCat("predicted/", point.id(), ".json"));
  if (point.limits.cache == "lost") settings.faults = FaultsPath();
  // What is refused depends on how many have been refused before (docs/simulator.md, deadline).
  settings.same_length = point.limits.connection_limit > 0;
  settings.duration = absl::Seconds(options_.settings.measured_seconds);
  auto result = Predict(programs, DeploymentPath(point), ProfilePath(point), settings);
  if (!result.ok()) return result.status();
  return FiguresOf(*result);
}

absl::Status CampaignRun::PredictPoint(double saturation, PlannedPoint* point) {
  auto scenario = WithThinkLaw(runs_.programs().scenario, point->think_law);
  if (!scenario.ok()) return scenario.status();
  absl::Status status = base::WriteFile(ScenarioPath(*point), *scenario);
  status.Update(base::WriteFile(DeploymentPath(*point), DeploymentYaml(point->limits)));
  if (point->limits.cache == "lost") status.Update(base::WriteFile(FaultsPath(), kCacheLost));
  if (point->limits.cache == "off") {
    auto source = model::ReadJson<model::Profile>(
        Path(point->uncached_profile ? kUncachedProfile : kProfile));
    if (!source.ok()) return source.status();
    status.Update(model::WriteJson(WithoutCache(*std::move(source)), ProfilePath(*point)));
  }
  if (!status.ok()) return status;
  point->users = UsersOf(*point, options_.settings, saturation);
  if (point->crossing()) {
    PlannedPoint low = *point;
    PlannedPoint high = *point;
    low.share = kPredictedLow;
    high.share = kPredictedHigh;
    auto users = FindCrossing(
        UsersOf(low, options_.settings, saturation), UsersOf(high, options_.settings, saturation),
        options_.settings.limit_ms, [&](uint64_t tried) -> absl::StatusOr<double> {
          auto figures = PredictUsers(*point, tried);
          if (!figures.ok()) return figures.status();
          return figures->p95_ms;
        });
    if (!users.ok()) return users.status();
    point->users = *users;
  }
  auto figures = PredictUsers(*point, point->users);
  if (!figures.ok()) return figures.status();
  point->predicted = *figures;
  return absl::OkStatus();
}

absl::Status CampaignRun::SealPoint(const PlannedPoint& point) {
  SealedPrediction sealed;
  sealed.point = absl::StrCat(point.variant, ", ", point.load());
  sealed.users = point.users;
  sealed.think_time_seconds = options_.settings.think_time_seconds;
  sealed.predicted = point.predicted;
  sealed.scenario_path = ScenarioPath(point);
  sealed.deployment_path = DeploymentPath(point);
  sealed.profile_path = ProfilePath(point);
  sealed.result_path = Path(absl::StrCat("predicted/", point.id(), ".json"));
  sealed.simulator_path = runs_.programs().simulator;
  Say(absl::StrFormat("sealed %s: %d users, %.0f requests/s, mean %.2f ms, p95 %.2f ms",
                      sealed.point, point.users, point.predicted.throughput,
                      point.predicted.mean_ms, point.predicted.p95_ms));
  return conformance::Seal(sealed, Path("predictions.jsonl"));
}

absl::Status CampaignRun::Seal() {
  if (Exists(Path("campaign.json"))) {
    Say("campaign.json is there: its predictions stay as they were sealed");
    return absl::OkStatus();
  }
  for (const char* file : {kProfile, kUncachedProfile}) {
    if (Exists(Path(file))) continue;
    return absl::FailedPreconditionError(Path(file) + ": missing; calibrate first");
  }
  if (absl::Status status = Prepare(); !status.ok()) return status;
  auto profile = model::ReadJson<model::Profile>(Path(kProfile));
  if (!profile.ok()) return profile.status();
  auto saturation = SaturationOf(*profile);
  if (!saturation.ok()) return saturation.status();
  SealedCampaign sealed;
  sealed.settings = options_.settings;
  sealed.saturation_per_second = *saturation;
  for (const model::LoadPoint& load : profile->loads()) {
    sealed.calibrated_at.push_back(load.requests_per_second());
  }
  sealed.points = PlanCampaign(options_.settings);
  for (PlannedPoint& point : sealed.points) {
    absl::Status status = PredictPoint(*saturation, &point);
    if (status.ok()) status = SealPoint(point);
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat(point.id(), ": ", status.message()));
    }
  }
  return store_.WriteSealed(sealed);
}

absl::StatusOr<std::vector<PlannedPoint>> CampaignRun::Sealed(SealedCampaign* sealed) const {
  auto read = store_.ReadSealed();
  if (absl::IsNotFound(read.status())) {
    return absl::FailedPreconditionError(absl::StrCat(read.status().message(), "; seal first"));
  }
  if (!read.ok()) return read.status();
  *sealed = *std::move(read);
  return Choose(sealed->points, options_.variants);
}

bool CampaignRun::Late(absl::Duration needed) const {
  return options_.time_left > absl::ZeroDuration() &&
         absl::Now() + needed > begin_ + options_.time_left;
}

absl::Status CampaignRun::Measure() {
  SealedCampaign sealed;
  auto points = Sealed(&sealed);
  if (!points.ok()) return points.status();
  options_.settings = sealed.settings;
  if (absl::Status status = Prepare(); !status.ok()) return status;
  auto done = store_.Finished(*points);
  if (!done.ok()) return done.status();
  const std::vector<Unit> units = UnitsLeft(*points, options_.restarts, *done);
  Say(absl::StrFormat("%d of %d measured; %d starts of a host left, about %s", done->size(),
                      points->size() * static_cast<size_t>(options_.restarts), units.size(),
                      Minutes(Estimate(units, options_.settings))));
  for (size_t i = 0; i < units.size(); ++i) {
    if (stop_()) return absl::CancelledError("interrupted");
    const absl::Duration needed = Estimate(units[i], options_.settings);
    if (Late(needed)) {
      if (i == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("--minutes: the next host needs ", Minutes(needed)));
      }
      Say(absl::StrCat("time is up: ", units.size() - i, " starts are left; measure again"));
      return absl::OkStatus();
    }
    if (absl::Status status = MeasureUnit(units[i]); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat(units[i].host, ", restart ", units[i].restart,
                                                      ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status CampaignRun::MeasureUnit(const Unit& unit) {
  Say(absl::StrCat(unit.host, ", restart ", unit.restart));
  auto host = runs_.Start(unit.points.front().limits);
  if (!host.ok()) return host.status();
  auto saturation = runs_.WarmUp(**host, absl::Seconds(options_.settings.warm_up_seconds));
  if (!saturation.ok()) return saturation.status();
  Say(absl::StrFormat("without think time %.0f requests/s", *saturation));
  for (const PlannedPoint& point : unit.points) {
    if (Late(absl::ZeroDuration())) break;  // kept for the next time
    auto record = MeasurePoint(**host, point, unit.restart);
    if (!record.ok()) return record.status();
    if (auto status = store_.Write(point.id(), *record); !status.ok()) return status;
  }
  return (*host)->Stop();
}

absl::StatusOr<MeasuredPoint> CampaignRun::MeasureUsers(const LimitedHost& host,
                                                        const PlannedPoint& point, int restart,
                                                        uint64_t users) {
  RunRequest request;
  request.restart = restart;
  request.users = users;
  request.think_time_seconds = options_.settings.think_time_seconds;
  request.duration = absl::Seconds(options_.settings.measured_seconds);
  request.seed = options_.settings.seed + static_cast<uint64_t>(restart);
  request.scenario_path = ScenarioPath(point);
  request.out = Path(absl::StrFormat("measured/%s-%d-users-%d.json", point.id(), users, restart));
  return runs_.Measure(host, request);
}

absl::StatusOr<Record> CampaignRun::MeasurePoint(const LimitedHost& host, const PlannedPoint& point,
                                                 int restart) {
  Record record;
  if (!point.crossing()) {
    auto run = MeasureUsers(host, point, restart, point.users);
    if (!run.ok()) return run.status();
    record.point = *std::move(run);
    return record;
  }
  bool valid = true;
  auto found = SearchCrossing(static_cast<double>(point.users), options_.settings.limit_ms,
                              [&](uint64_t users) -> absl::StatusOr<double> {
                                auto run = MeasureUsers(host, point, restart, users);
                                if (!run.ok()) return run.status();
                                record.point = *std::move(run);
                                valid = valid && record.point.valid;
                                return record.point.figures.p95_ms;
                              });
  if (!found.ok()) return found.status();
  record.point.valid = valid;
  record.crossing = *std::move(found);
  return record;
}

absl::StatusOr<CampaignScore> CampaignRun::Score() {
  CampaignScore score;
  auto points = Sealed(&score.sealed);
  if (!points.ok()) return points.status();
  for (const PlannedPoint& point : *points) {
    auto records = store_.Read(point.id());
    if (!records.ok()) return records.status();
    if (!records->empty()) score.points.push_back(ScoreRecords(point, *records));
  }
  const std::string text = absl::StrFormat(
      "Saturation %.0f requests/s when calibrated. Error of the prediction against the median of "
      "the restarts; * outside of its tolerance. %d of %d figures with a tolerance missed it.\n\n"
      "%s\n%s",
      score.sealed.saturation_per_second, score.missed(), score.scored(), CampaignSummary(score),
      CampaignTable(score));
  std::fputs(text.c_str(), stdout);
  absl::Status status = base::WriteFile(Path("score.md"), text);
  status.Update(base::WriteFile(Path("score.json"), CampaignJson(score)));
  if (!status.ok()) return status;
  return score;
}

void CampaignRun::Say(const std::string& line) const {
  std::fprintf(stderr, "[%6.1f s] %s\n", absl::ToDoubleSeconds(absl::Now() - begin_), line.c_str());
}

}  // namespace conformance
