#include "tools/demo/demo.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/build_info.h"
#include "base/paths.h"
#include "base/signals.h"
#include "base/subprocess.h"
#include "model/distribution.h"
#include "model/io.h"
#include "model/result_math.h"
#include "model/scenario_loader.h"
#include "report/claims.h"
#include "simulator/calibration/campaign.h"
#include "simulator/planning/operating_points.h"
#include "tools/demo/child_server.h"
#include "tools/demo/files.h"
#include "tools/demo/judgement.h"
#include "tools/demo/manifest_checks.h"
#include "tools/demo/measured_facts.h"
#include "tools/demo/measured_run.h"
#include "tools/demo/plan.h"
#include "tools/demo/simulations.h"

namespace demo {
namespace {

constexpr double kMillion = 1e6;

class Demo {
 public:
  explicit Demo(const DemoOptions& options)
      : options_(options), plan_(PlanFor(options.quick)), begin_(absl::Now()) {}

  // Takes the signal that was heard; left waiting it would end the process, before main says so.
  ~Demo() { stop_.Wait(absl::ZeroDuration()); }

  absl::Status Run() {
    const std::pair<const char*, absl::Status (Demo::*)()> steps[] = {
        {"find programs", &Demo::FindPrograms},
        {"check manifests", &Demo::CheckDeployments},
        {"start the server", &Demo::StartServer},
        {"mint tokens", &Demo::MintTokens},
        {"calibrate", &Demo::CalibrateServer},
        {"predict this host", &Demo::PredictThisHost},
        {"measure this host", &Demo::MeasureThisHost},
        {"collect facts", &Demo::CollectFacts},
        {"stop the server", &Demo::StopServer},
        {"simulate the claims", &Demo::SimulateClaims},
        {"judge", &Demo::JudgeClaims},
    };
    for (const auto& [name, step] : steps) {
      if (stop_.Pending()) return absl::CancelledError("interrupted");
      absl::Status status = (this->*step)();
      if (absl::IsCancelled(status)) return absl::CancelledError("interrupted");
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status FindPrograms() {
    auto files = FindFiles();
    if (!files.ok()) return files.status();
    files_ = *std::move(files);
    std::error_code error;
    std::filesystem::create_directories(Path("logs"), error);
    std::filesystem::create_directories(Path("work"), error);
    if (error)
      return absl::InvalidArgumentError(absl::StrCat(options_.out_dir, ": ", error.message()));
    auto folder = base::MakeTemporaryFolder("praxis-demo-");
    if (!folder.ok()) return folder.status();
    data_dir_ = std::make_unique<base::FolderRemover>(*folder);
    // Started by root, PostgreSQL runs as another user and must be able to pass through.
    if (chmod(folder->c_str(), 0711) != 0) return absl::InternalError(*folder + ": chmod failed");
    return absl::OkStatus();
  }

  absl::Status CheckDeployments() {
    for (const auto& [name, path] : {std::pair{"production", files_.production},
                                     {"as-documented", files_.as_documented},
                                     {"as-shipped", files_.as_shipped}}) {
      absl::Status status =
          CheckManifests(files_.simulator, path, Path(absl::StrCat("check-", name, ".json")));
      if (!status.ok()) return status;
    }
    Say("checked the manifests of production, as-documented and as-shipped");
    return absl::OkStatus();
  }

  absl::Status StartServer() {
    ChildServerOptions child;
    child.binary = files_.server;
    child.data_dir = absl::StrCat(data_dir_->path(), "/server");
    child.log_file = Path("logs/server.log");
    child.stop = Stopper();
    auto server = ChildServer::Start(child);
    if (!server.ok()) return server.status();
    server_.emplace(*std::move(server));
    Say(absl::StrCat("PostgreSQL, Redis Cluster (3 masters, 3 replicas) and the server are up on ",
                     server_->url()));
    return absl::OkStatus();
  }

  absl::Status MintTokens() {
    auto output = base::RunCommand(
        {files_.mint, absl::StrCat("--signing_key_file=", server_->handle().signing_key_file),
         "--patients=5000", "--doctors=100", "--receptionists=40"},
        absl::Seconds(20));
    if (!output.ok()) return output.status();
    if (!output->exit.ok()) return absl::UnavailableError(output->err);
    tokens_path_ = absl::StrCat(data_dir_->path(), "/tokens.txt");
    return base::WriteFile(tokens_path_, output->out, 0600);
  }

  absl::Status CalibrateServer() {
    simulator::CampaignOptions campaign;
    campaign.loadgen = files_.loadgen;
    campaign.scenario_path = files_.scenario;
    campaign.tokens_path = tokens_path_;
    campaign.work_dir = Path("work");
    campaign.windows_per_run = plan_.calibration_windows;
    campaign.window = plan_.calibration_window;
    campaign.warm_up = plan_.calibration_warm_up;
    campaign.saturation_run = plan_.saturation_run;
    campaign.stop = Stopper();
    campaign.progress = [this](const std::string& line) { Say("calibrating, " + line); };
    auto profile = simulator::Calibrate(server_->handle(), campaign);
    if (!profile.ok()) return profile.status();
    profile->set_name("this-server");
    model::Provenance* provenance = profile->mutable_provenance();
    provenance->set_engine("calibrate");
    provenance->set_version(base::ThisBuild().version);
    provenance->set_commit(base::ThisBuild().commit);
    provenance->set_scenario_name("clinic_day");
    provenance->set_valid(true);
    profile_ = *std::move(profile);
    auto scenario = model::LoadScenario(files_.scenario);
    if (!scenario.ok()) return scenario.status();
    think_mean_seconds_ = model::MeanSeconds(scenario->think_time());
    return model::WriteJson(profile_, Path("profile.json"));
  }

  // The measured run is at about 40 % of saturation: the scale that puts its users there.
  double MeasuredThinkScale() const {
    double middle = 0;
    for (const model::LoadPoint& load : profile_.loads()) {
      if (load.utilisation() < 0.55) middle = load.requests_per_second();
    }
    return plan_.measured_users / (middle * think_mean_seconds_);
  }

  // The deployment of this host, with as many cores as it has.
  absl::Status DescribeThisHost() {
    auto text = base::ReadFile(files_.this_host);
    if (!text.ok()) return text.status();
    return base::WriteFile(Path("this-host.yaml"),
                           absl::StrCat(*text, "  host: {cores: ",
                                        std::max(1u, std::thread::hardware_concurrency()), "}\n"));
  }

  absl::Status PredictThisHost() {
    if (absl::Status status = DescribeThisHost(); !status.ok()) return status;
    const double think = MeasuredThinkScale() * think_mean_seconds_;
    SimulationJob job{"this host",
                      Path("this-host.yaml"),
                      static_cast<double>(plan_.measured_users),
                      think,
                      1,
                      60,
                      Path("predicted-this-host.json")};
    return RunSimulations({job}, SimulationSettings());
  }

  absl::Status MeasureThisHost() {
    Say(absl::StrFormat("measuring %d users for %s", plan_.measured_users,
                        absl::FormatDuration(plan_.measured_run)));
    MeasuredRun run;
    run.loadgen = files_.loadgen;
    run.scenario_path = files_.scenario;
    run.target = server_->url();
    run.tokens_path = tokens_path_;
    run.users = plan_.measured_users;
    run.duration = plan_.measured_run;
    run.think_time_scale = MeasuredThinkScale();
    run.out = Path("measured.json");
    run.log_file = Path("logs/loadgen.log");
    run.stop = Stopper();
    if (absl::Status status = Measure(run); !status.ok()) return status;
    return ScorePrediction();
  }

  // How far the prediction of this host was off; the simulations of the claims carry that error.
  absl::Status ScorePrediction() {
    auto predicted = model::ReadJson<model::Result>(Path("predicted-this-host.json"));
    if (!predicted.ok()) return predicted.status();
    auto measured = model::ReadJson<model::Result>(Path("measured.json"));
    if (!measured.ok()) return measured.status();
    const double expected = model::ResponseQuantileMs(predicted->total(), 0.95);
    const double seen = model::ResponseQuantileMs(measured->total(), 0.95);
    if (expected <= 0 || seen <= 0) return absl::UnavailableError("a run without latencies");
    latency_model_error_ = std::min(10.0, std::abs(seen - expected) / expected);
    Say(absl::StrFormat(
        "p95 predicted %.2f ms, measured %.2f ms; throughput predicted %.0f, measured %.0f "
        "requests/s",
        expected, seen, model::Throughput(*predicted), model::Throughput(*measured)));
    return absl::OkStatus();
  }

  absl::Status CollectFacts() {
    auto facts = MeasureFacts(server_->handle());
    if (!facts.ok()) return facts.status();
    return model::WriteJson(*facts, Path("check-measured.json"));
  }

  absl::Status StopServer() {
    absl::Status status = server_->Stop();
    server_.reset();
    if (status.ok()) Say("stopped the server, PostgreSQL and Redis");
    return status;
  }

  absl::Status SimulateClaims() {
    const auto points = PointsToSimulate();
    if (!points.ok()) return points.status();
    std::vector<SimulationJob> jobs;
    for (const simulator::SimulationPoint& point : *points) {
      SimulationJob job;
      job.name = absl::StrFormat("%s: %.0f users, think time %g s%s%s", point.deployment,
                                 point.users, point.think_seconds,
                                 point.faults.empty() ? "" : ", faults ", point.faults);
      job.deployment_path = point.deployment == "dev-4-cores"        ? files_.dev
                            : point.deployment == "staging-20-cores" ? files_.staging
                                                                     : files_.production;
      job.users = point.users;
      job.think_time_seconds = point.think_seconds;
      job.ramp_seconds = plan_.simulated_ramp_seconds;
      job.duration_seconds = plan_.simulated_seconds;
      job.out = Path(point.FileName());
      if (!point.faults.empty()) {
        job.faults_path = simulator::FaultPlanPath(files_.claims, point.faults);
      }
      jobs.push_back(std::move(job));
    }
    return RunSimulations(jobs, SimulationSettings());
  }

  // What the claims name, and for 1M users a frontier; in a quick run the headline alone.
  absl::StatusOr<std::vector<simulator::SimulationPoint>> PointsToSimulate() const {
    if (options_.quick) return {{{"production", kMillion, 10, "", true}}};
    const auto claims = report::LoadClaims(files_.claims);
    if (!claims.ok()) return claims.status();
    auto points = simulator::PointsOf(*claims, {"production", "dev-4-cores", "staging-20-cores"},
                                      profile_.name(), {});
    if (!points.ok()) return points.status();
    for (double think : {5.0, 20.0}) {
      points->push_back({"production", kMillion, think, "", false});
    }
    return points;
  }

  absl::Status JudgeClaims() {
    JudgementInputs inputs;
    inputs.out_dir = options_.out_dir;
    inputs.claims_path = files_.claims;
    inputs.quick = options_.quick;
    auto table = JudgeAndWrite(inputs);
    if (!table.ok()) return table.status();
    printf("%s", table->c_str());
    fflush(stdout);
    return absl::OkStatus();
  }

  SimulationOptions SimulationSettings() {
    SimulationOptions settings;
    settings.simulator = files_.simulator;
    settings.scenario_path = files_.scenario;
    settings.profile_path = Path("profile.json");
    settings.log_file = Path("logs/simulator.log");
    settings.seed = options_.seed;
    settings.latency_model_error = latency_model_error_;
    settings.stop = Stopper();
    settings.progress = [this](const std::string& line) { Say(line); };
    return settings;
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

  const DemoOptions& options_;
  const Plan plan_;
  const absl::Time begin_;
  base::StopSignals stop_;
  Files files_;
  std::string tokens_path_;
  std::unique_ptr<base::FolderRemover> data_dir_;
  std::optional<ChildServer> server_;
  model::Profile profile_;
  double think_mean_seconds_ = 0;
  double latency_model_error_ = -1;
};

}  // namespace

absl::Status RunDemo(const DemoOptions& options) { return Demo(options).Run(); }

}  // namespace demo
