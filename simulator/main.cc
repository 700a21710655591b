// The simulator's commands, chosen by the first word.

#include <cstdio>
#include <string>
#include <vector>

#include "simulator/commands/availability.h"
#include "simulator/commands/backtest.h"
#include "simulator/commands/calibrate.h"
#include "simulator/commands/check.h"
#include "simulator/commands/diff.h"
#include "simulator/commands/explain.h"
#include "simulator/commands/hpa.h"
#include "simulator/commands/map.h"
#include "simulator/commands/oracle.h"
#include "simulator/commands/page.h"
#include "simulator/commands/plan.h"
#include "simulator/commands/run.h"
#include "simulator/commands/seal.h"
#include "simulator/commands/sweep.h"
#include "simulator/commands/validate.h"

namespace {

struct Command {
  const char* name;
  int (*run)(std::vector<std::string> args);
  const char* summary;
};

constexpr Command kCommands[] = {
    {"availability", simulator::RunAvailability,
     "failure rate x recovery time at 99.99 %: availability --deployment D [--classes FILE]"},
    {"backtest", simulator::RunBacktest,
     "score a sealed prediction: backtest --log L --measured FILE | --k6 FILE | --prometheus URL"},
    {"calibrate", simulator::RunCalibrate,
     "a profile of any service: calibrate --prometheus URL --from T --to T --result FILE ..."},
    {"check", simulator::RunCheck, "judge manifests without running anything: check PATH..."},
    {"diff", simulator::RunDiff,
     "what a change of manifests does: diff BEFORE AFTER [--scenario S --profile P]"},
    {"explain", simulator::RunExplain,
     "what limits, and how the answer moves: explain --scenario S --deployment D --profile P"},
    {"hpa", simulator::RunHpa, "run autoscaler test vectors: hpa --vectors FILE"},
    {"map", simulator::RunMap,
     "what a passing disturbance leaves behind: map --scenario S --deployment D --profile P"},
    {"oracle", simulator::RunOracle,
     "check closed forms and simulation: oracle --vectors FILE [--seed N]"},
    {"page", simulator::RunPage,
     "one HTML page from results, a sweep or a map: page --out page.html [NAME=]FILE..."},
    {"plan", simulator::RunPlan,
     "the cheapest deployment: plan --users N --slo 'p95<200ms' --scenario S --deployment D ..."},
    {"run", simulator::RunRun,
     "predict: run --scenario S --deployment D --profile P --users N [--out predicted.json]"},
    {"seal", simulator::RunSeal,
     "predict and write it down, before measuring: seal --log L and the flags of run"},
    {"sweep", simulator::RunSweep,
     "a grid of predictions, here or in shards: sweep FILE [--shard I/N] | sweep --merge SHARD..."},
    {"validate", simulator::RunValidate,
     "judge claims: validate --claims C --scenario S --profile P --deployment NAME=PATH..."},
};

int ListCommands(std::FILE* out) {
  std::fprintf(out, "usage: simulator COMMAND [flags]\n");
  for (const Command& command : kCommands) {
    std::fprintf(out, "  %-12s %s\n", command.name, command.summary);
  }
  return out == stdout ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return ListCommands(stderr);
  const std::string word = argv[1];
  if (word == "help" || word == "--help") return ListCommands(stdout);
  for (const Command& command : kCommands) {
    if (word == command.name) return command.run({argv + 2, argv + argc});
  }
  std::fprintf(stderr, "simulator: unknown command '%s'\n", word.c_str());
  return ListCommands(stderr);
}
