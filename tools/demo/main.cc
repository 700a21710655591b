#include <gflags/gflags.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "tools/demo/demo.h"

DEFINE_string(out, "out/demo", "folder for the page, the verdicts and all results");
DEFINE_bool(quick, false, "60 s instead of 4 minutes: shorter runs, only row-1m is simulated");
DEFINE_uint64(seed, 1, "seed of the simulations");

namespace {

void SayWhatNext(const std::string& out_dir) {
  fprintf(stderr,
          "\nThe page: %s/index.html\nTry next:\n"
          "  ./tools/bazel run //simulator -- check YOUR_MANIFESTS\n"
          "  ./tools/bazel run //server          (then see docs/server.md)\n"
          "  ./tools/bazel run //loadgen -- hit http://127.0.0.1:8088/health/live -c 64 -d 10s\n",
          out_dir.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("serves, loads, calibrates, simulates and judges on this machine");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  if (argc > 1) {
    fprintf(stderr, "demo: unexpected argument `%s`; expected only --out and --quick\n", argv[1]);
    return 2;
  }
  demo::DemoOptions options;
  options.out_dir = base::ResolvePath(FLAGS_out);
  options.quick = FLAGS_quick;
  options.seed = FLAGS_seed;
  const absl::Status status = demo::RunDemo(options);
  if (status.ok()) {
    SayWhatNext(options.out_dir);
    return 0;
  }
  const std::string message(status.message());
  fprintf(stderr, "demo: %s\n", message.c_str());
  return absl::IsCancelled(status) ? 130 : 1;
}
