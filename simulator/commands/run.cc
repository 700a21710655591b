#include "simulator/commands/run.h"

#include <cstdio>

#include "model/io.h"
#include "report/html/run_page.h"
#include "report/ladder.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/past_errors.h"
#include "simulator/commands/prediction_table.h"
#include "simulator/commands/run_options.h"

namespace simulator {
namespace {

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator run: %s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace

int RunRun(std::vector<std::string> args) {
  const auto flags = ParseFlags(args, PredictionFlags({"log", "out", "html"}));
  if (!flags.ok()) return Fail(flags.status(), 2);
  const absl::Status given = RequireFlags(*flags, {"scenario", "deployment", "profile"});
  if (!given.ok()) return Fail(given, 2);
  auto options = ReadRunOptions(*flags);
  if (!options.ok()) return Fail(options.status(), ExitCodeOf(options.status()));
  const auto past = UsePastErrors(*flags, /*may_be_new=*/false, &*options);
  if (!past.ok()) return Fail(past.status(), 1);
  const auto experiment = LoadExperimentOf(*flags);
  if (!experiment.ok()) return Fail(experiment.status(), 1);
  auto result = PredictWithProgress(*experiment, *options);
  if (!result.ok()) return Fail(result.status(), 1);
  if (past->has_value()) NotePastErrors(**past, &*result);
  PrintPrediction(*result, stdout);
  if (past->has_value()) PrintPastErrors(**past, stdout);
  if (flags->contains("out")) {
    const absl::Status written = model::WriteJson(*result, UserPath(flags->at("out")));
    if (!written.ok()) return Fail(written, 1);
  }
  if (flags->contains("html")) {
    const auto ladder = report::LadderOf({&experiment->profile, nullptr, nullptr, &*result});
    const absl::Status written =
        model::WriteFile(report::RenderRunPage(*result, ladder), UserPath(flags->at("html")));
    if (!written.ok()) return Fail(written, 1);
  }
  return 0;
}

}  // namespace simulator
