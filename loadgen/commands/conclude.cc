#include "loadgen/commands/conclude.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/build_info.h"
#include "loadgen/commands/flags.h"
#include "model/io.h"

namespace loadgen {
namespace {

constexpr int64_t kOtherDescriptors = 64;  // pipes, epoll, files, libraries
constexpr int kMostWorkers = 256;

}  // namespace

int Complain(const absl::Status& status, int exit_code) {
  std::cerr << "loadgen: " << status.message() << std::endl;
  return exit_code;
}

absl::Status CheckWorkers(int workers, int64_t connections) {
  if (workers < 1 || workers > kMostWorkers) {
    return absl::InvalidArgumentError(
        absl::StrCat("--workers: expected 1 to ", kMostWorkers, ", got ", workers));
  }
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const int64_t room = static_cast<int64_t>(limit.rlim_cur) - kOtherDescriptors;
  if (room > 0 && (connections + workers - 1) / workers > room) {
    return absl::InvalidArgumentError(absl::StrCat(
        connections, " connections on ", workers, " worker(s), but a process may hold only ",
        limit.rlim_cur, " descriptors: use --workers ", (connections + room - 1) / room));
  }
  return absl::OkStatus();
}

void DescribeRun(const Target& target, uint64_t seed, model::Result* result) {
  model::Provenance* provenance = result->mutable_provenance();
  provenance->set_engine("loadgen");
  provenance->set_version(base::ThisBuild().version);
  provenance->set_commit(base::ThisBuild().commit);
  provenance->set_load_model("closed");
  provenance->set_target(target.url);
  provenance->set_seed(seed);
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  provenance->set_host(host);
  const absl::Duration length =
      absl::Seconds(result->measured_from_seconds() + result->measured_seconds());
  provenance->set_started_at(
      absl::FormatTime(absl::RFC3339_sec, absl::Now() - length, absl::UTCTimeZone()));
}

int Conclude(const FinishedRun& run) {
  if (!FLAGS_out.empty()) {
    const std::string path = UserPath(FLAGS_out);
    if (absl::Status status = model::WriteJson(run.result, path); !status.ok()) {
      return Complain(status, kExitFailed);
    }
    std::cout << "wrote " << path << std::endl;
  }
  if (run.interrupted) {
    std::cerr << "loadgen: interrupted; the figures cover what was done until then" << std::endl;
    return kExitInterrupted;
  }
  if (!run.result.provenance().valid()) return kExitInvalid;
  const bool passed = std::all_of(run.result.thresholds().begin(), run.result.thresholds().end(),
                                  [](const model::ThresholdOutcome& t) { return t.passed(); });
  return passed ? kExitOk : kExitThresholds;
}

}  // namespace loadgen
