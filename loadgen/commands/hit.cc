#include "loadgen/commands/hit.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "loadgen/commands/conclude.h"
#include "loadgen/commands/flags.h"
#include "loadgen/commands/summary.h"
#include "loadgen/engine/connection_set.h"
#include "loadgen/engine/hammer.h"

DEFINE_int32(c, 64, "hit: connections");
DEFINE_string(d, "10s", "hit: how long");
DEFINE_string(H, "", "hit: one more header, \"Name: value\"");
DEFINE_string(timeout, "10s", "hit: longest wait for an answer");

namespace loadgen {
namespace {

struct Hit {
  HammerOptions options;
  RunPlan plan;
};

absl::StatusOr<Hit> Configure(const std::vector<std::string>& args) {
  absl::StatusOr<std::vector<std::string>> words = ParseFlags(args);
  if (!words.ok()) return words.status();
  if (words->size() != 1) return absl::InvalidArgumentError("expected: loadgen hit URL [flags]");
  absl::StatusOr<Target> target = ParseTarget(words->front());
  if (!target.ok()) return target.status();
  absl::Status allowed = CheckTargetAllowed(*target, FLAGS_allow_target);
  if (!allowed.ok()) return allowed;
  absl::StatusOr<std::vector<in_addr>> sources = ParseSourceAddresses(FLAGS_source_addresses);
  if (!sources.ok()) return sources.status();
  absl::StatusOr<int64_t> duration = ParseDurationNanos(FLAGS_d, "-d");
  if (!duration.ok()) return duration.status();
  absl::StatusOr<int64_t> timeout = ParseDurationNanos(FLAGS_timeout, "--timeout");
  if (!timeout.ok()) return timeout.status();
  if (FLAGS_c < 1) return absl::InvalidArgumentError("-c: expected at least 1 connection");
  absl::Status room = CheckWorkers(FLAGS_workers, FLAGS_c);
  if (!room.ok()) return room;
  if (FLAGS_H.find_first_of("\r\n") != std::string::npos ||
      (!FLAGS_H.empty() && FLAGS_H.find(':') == std::string::npos)) {
    return absl::InvalidArgumentError("-H: expected \"Name: value\"");
  }
  Hit hit;
  hit.options.target = *target;
  hit.options.sources = *sources;
  hit.options.connections = FLAGS_c;
  hit.options.timeout_ns = *timeout;
  hit.options.request =
      absl::StrCat("GET ", target->path, " HTTP/1.1\r\nHost: ", target->host_header, "\r\n",
                   FLAGS_H, FLAGS_H.empty() ? "" : "\r\n", "\r\n");
  hit.plan.workers = FLAGS_workers;
  hit.plan.start_ns = NowNanos() + 50'000'000;
  hit.plan.window_from_ns = hit.plan.start_ns;
  hit.plan.end_ns = hit.plan.start_ns + *duration;
  hit.plan.window_to_ns = hit.plan.end_ns;
  hit.plan.drain_ns = std::min<int64_t>(*timeout, 2'000'000'000);
  hit.plan.progress = FLAGS_progress;
  return hit;
}

}  // namespace

int RunHit(const std::vector<std::string>& args) {
  absl::StatusOr<Hit> hit = Configure(args);
  if (!hit.ok()) return Complain(hit.status(), kExitBadConfig);
  const HammerOptions& options = hit->options;
  if (absl::Status status = ProbeTarget(options.target); !status.ok()) {
    return Complain(status, kExitFailed);
  }
  std::cout << "hit " << options.target.url << ": " << options.connections << " connections, "
            << hit->plan.workers << " worker(s), " << FLAGS_d << std::endl;
  absl::StatusOr<FinishedRun> run = RunWorkers(
      hit->plan, [&](WorkerChannel& channel) { RunHammer(options, hit->plan, channel); });
  if (!run.ok()) return Complain(run.status(), kExitFailed);
  run->result.set_users(options.connections);
  DescribeRun(options.target, 0, &run->result);
  std::cout << HitSummary(run->result);
  return Conclude(*run);
}

}  // namespace loadgen
