#include "simulator/commands/diff.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/io.h"
#include "model/kubernetes/deployment_loader.h"
#include "simulator/check/check.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/diff_verdicts.h"
#include "simulator/commands/flag_values.h"
#include "simulator/commands/run_options.h"
#include "simulator/planning/configuration.h"
#include "simulator/planning/difference.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/verdict_changes.h"

namespace simulator {
namespace {

constexpr int kNoNewErrors = 0;
constexpr int kNewErrors = 1;
constexpr int kBadInput = 2;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "simulator diff: %s\n", std::string(status.message()).c_str());
  return kBadInput;
}

struct Side {
  std::string path;
  model::Deployment deployment;
  model::CheckReport check;
};

absl::StatusOr<Side> LoadSide(const std::string& path) {
  const auto loaded = model::kubernetes::Load({UserPath(path)});
  if (!loaded.ok()) return loaded.status();
  for (const std::string& note : loaded->manifests.notes) {
    std::fprintf(stderr, "note: %s\n", note.c_str());
  }
  return Side{path, loaded->deployment, Check(*loaded)};
}

// The flags of `run`, with a shorter run; with claims one as long as that of `validate`.
absl::StatusOr<RunOptions> ReadOptions(FlagMap flags) {
  if (flags.contains("profile") != flags.contains("scenario")) {
    return absl::InvalidArgumentError("--scenario and --profile: give both or none");
  }
  if (flags.contains("judge_as") && !flags.contains("claims")) {
    return absl::InvalidArgumentError("--judge_as: expected with --claims");
  }
  const bool judged = flags.contains("claims");
  flags.try_emplace("ramp", judged ? "60s" : "30s");
  flags.try_emplace("duration", judged ? "300s" : "120s");
  flags.try_emplace("replications", "2");
  return ReadRunOptions(flags);
}

std::vector<std::string> FlagNames() {
  std::vector<std::string> names = PredictionFlags({"out", "prices", "claims", "judge_as"});
  std::erase(names, "deployment");
  return names;
}

// Costs by the user's prices as figures of their own, where they differ.
absl::Status AddCosts(const FlagMap& flags, const Side& before, const Side& after,
                      Difference* difference) {
  if (!flags.contains("prices")) return absl::OkStatus();
  const auto prices = LoadPrices(UserPath(flags.at("prices")));
  if (!prices.ok()) return prices.status();
  const ApiPods old_pods = ApiPodsOf(before.deployment);
  const ApiPods new_pods = ApiPodsOf(after.deployment);
  const auto cost = [&](const Side& side, const ApiPods& pods, uint32_t count) {
    return CostPerHour(ConfigurationOf(side.deployment, pods.api, count), side.deployment, pods.api,
                       *prices);
  };
  for (const bool most : {false, true}) {
    FactChange change;
    change.name = most ? "cost_at_most_pods" : "cost_at_least_pods";
    change.unit = prices->currency + "/h";
    change.before_known = !old_pods.api.empty();
    change.after_known = !new_pods.api.empty();
    change.before = cost(before, old_pods, most ? old_pods.most : old_pods.least);
    change.after = cost(after, new_pods, most ? new_pods.most : new_pods.least);
    if (change.before != change.after) difference->facts.push_back(change);
  }
  return absl::OkStatus();
}

// The section on verdicts; empty without --claims. `first` and `second` may be null.
absl::StatusOr<std::string> RenderVerdicts(const Side& before, const Side& after,
                                           const FlagMap& flags, const RunOptions& options,
                                           const Experiment* first, const Experiment* second) {
  if (!flags.contains("claims")) return "";
  const auto given = flags.find("judge_as");
  const std::string name = given == flags.end() ? "production" : given->second;
  const std::string claims = UserPath(flags.at("claims"));
  const auto old_verdicts = JudgeAs(name, claims, before.check, first, options);
  if (!old_verdicts.ok()) return old_verdicts.status();
  const auto new_verdicts = JudgeAs(name, claims, after.check, second, options);
  if (!new_verdicts.ok()) return new_verdicts.status();
  return RenderVerdictChanges(CompareVerdicts(name, *old_verdicts, *new_verdicts));
}

absl::StatusOr<std::string> Render(const Side& before, const Side& after, const FlagMap& flags,
                                   const RunOptions& options, const Difference& difference) {
  if (!flags.contains("profile")) {
    const auto verdicts = RenderVerdicts(before, after, flags, options, nullptr, nullptr);
    if (!verdicts.ok()) return verdicts.status();
    return RenderMarkdown(before.path, after.path, difference, {}) + *verdicts;
  }
  FlagMap first_flags = flags;
  first_flags["deployment"] = before.path;
  const auto experiment = LoadExperimentOf(first_flags);
  if (!experiment.ok()) return experiment.status();
  const auto first = Predict(*experiment, options);
  if (!first.ok()) return first.status();
  Experiment changed = *experiment;
  changed.deployment = after.deployment;
  if (flags.contains("overload")) {
    const absl::Status applied = ApplyOverload(UserPath(flags.at("overload")), &changed);
    if (!applied.ok()) return applied;
  }
  const auto second = Predict(changed, options);
  if (!second.ok()) return second.status();
  const auto verdicts = RenderVerdicts(before, after, flags, options, &*experiment, &changed);
  if (!verdicts.ok()) return verdicts.status();
  return RenderMarkdown(before.path, after.path, difference, {&*first, &*second}) + *verdicts;
}

}  // namespace

int RunDiff(std::vector<std::string> args) {
  const std::vector<std::string> paths = TakePositional(&args);
  const auto flags = ParseFlags(args, FlagNames());
  if (!flags.ok()) return Fail(flags.status());
  if (paths.size() != 2) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("expected two paths, before and after, found ", paths.size(),
                     "; usage: simulator diff BEFORE AFTER [flags]")));
  }
  const auto options = ReadOptions(*flags);
  if (!options.ok()) return Fail(options.status());
  const auto before = LoadSide(paths[0]);
  if (!before.ok()) return Fail(before.status());
  const auto after = LoadSide(paths[1]);
  if (!after.ok()) return Fail(after.status());
  Difference difference = Compare(before->check, after->check);
  if (absl::Status priced = AddCosts(*flags, *before, *after, &difference); !priced.ok()) {
    return Fail(priced);
  }
  const auto text = Render(*before, *after, *flags, *options, difference);
  if (!text.ok()) return Fail(text.status());
  if (flags->contains("out")) {
    const absl::Status written = model::WriteFile(*text, UserPath(flags->at("out")));
    if (!written.ok()) return Fail(written);
  } else {
    std::printf("%s", text->c_str());
  }
  return difference.new_errors > 0 ? kNewErrors : kNoNewErrors;
}

}  // namespace simulator
