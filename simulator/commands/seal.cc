#include "simulator/commands/seal.h"

#include <cstdio>

#include "base/paths.h"
#include "model/io.h"
#include "simulator/backtest/sealing.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/past_errors.h"
#include "simulator/commands/prediction_table.h"
#include "simulator/commands/run_options.h"

namespace simulator {
namespace {

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator seal: %s\n", std::string(status.message()).c_str());
  return code;
}

absl::Status PredictAndSeal(const FlagMap& flags, RunOptions options) {
  const auto past = UsePastErrors(flags, /*may_be_new=*/true, &options);
  if (!past.ok()) return past.status();
  const auto experiment = LoadExperimentOf(flags);
  if (!experiment.ok()) return experiment.status();
  auto result = PredictWithProgress(*experiment, options);
  if (!result.ok()) return result.status();
  if (past->has_value()) NotePastErrors(**past, &*result);
  // The file first: what is sealed can then be looked up.
  if (flags.contains("out")) {
    const absl::Status written = model::WriteJson(*result, UserPath(flags.at("out")));
    if (!written.ok()) return written;
  }
  SealInputs inputs;
  if (flags.contains("label")) inputs.label = flags.at("label");
  inputs.scenario_path = UserPath(flags.at("scenario"));
  inputs.deployment_path = UserPath(flags.at("deployment"));
  inputs.profile_path = UserPath(flags.at("profile"));
  inputs.program_path = base::ThisProgram();
  inputs.settings = flags;
  const std::string log = UserPath(flags.at("log"));
  const auto sealed = Seal(*result, inputs, log);
  if (!sealed.ok()) return sealed.status();
  PrintPrediction(*result, stdout);
  if (past->has_value()) PrintPastErrors(**past, stdout);
  std::printf("sealed as %s in %s; the log's head is %s\n", sealed->id.c_str(), log.c_str(),
              sealed->head.c_str());
  return absl::OkStatus();
}

}  // namespace

int RunSeal(std::vector<std::string> args) {
  const auto flags = ParseFlags(args, PredictionFlags({"log", "label", "out"}));
  if (!flags.ok()) return Fail(flags.status(), 2);
  const absl::Status given = RequireFlags(*flags, {"scenario", "deployment", "profile", "log"});
  if (!given.ok()) return Fail(given, 2);
  const auto options = ReadRunOptions(*flags);
  if (!options.ok()) return Fail(options.status(), ExitCodeOf(options.status()));
  const absl::Status status = PredictAndSeal(*flags, *options);
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace simulator
