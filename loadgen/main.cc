#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "loadgen/commands/flags.h"
#include "loadgen/commands/hit.h"
#include "loadgen/commands/run.h"

namespace {

constexpr char kUsage[] = R"(loadgen: load from one machine, judged honestly

  loadgen hit URL [-c 64] [-d 10s] [--workers N] [-H "Name: value"] [--timeout 10s]
      a plain closed hammer on keep-alive connections

  loadgen run SCENARIO --target URL [--vus N] [--duration 30s] [--ramp 2s] [--tokens FILE]
              [--think_time_scale X] [--seed S] [--seed_clinics N] [--seed_doctors_per_clinic N]
              [--seed_patients_per_clinic N] [--seed_receptionists_per_clinic N]
              [--login_password P]
      a scenario's users in real time: closed model, one keep-alive connection a user;
      without --vus and --duration the scenario's stages apply

Both: [--out result.json] [--workers N] [--source_addresses A-B] [--allow-target HOST] [--noprogress]
Exit codes: 0 done, 1 target unreachable or output unwritable, 99 a threshold failed,
104 bad flags or files, 105 interrupted, 110 invalid: the generator was the bottleneck
)";

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty() || args[0] == "help" || args[0] == "--help" || args[0] == "-h") {
    std::cout << kUsage;
    return args.empty() ? loadgen::kExitBadConfig : loadgen::kExitOk;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> rest(args.begin() + 1, args.end());
  if (args[0] == "hit") return loadgen::RunHit(rest);
  if (args[0] == "run") return loadgen::RunScenario(rest);
  std::cerr << "loadgen: unknown command \"" << args[0] << "\"; expected hit or run\n";
  return loadgen::kExitBadConfig;
}
