#include "base/build_info.h"

// Compiled at link time with the values of tools/workspace_status as macros (Bazel's linkstamp).
extern const char kPraxisCommit[];

namespace base {
namespace {

constexpr char kVersion[] = "0.1.0";

}  // namespace

BuildInfo ThisBuild() {
  BuildInfo info;
  info.version = kVersion;
  const std::string commit = kPraxisCommit;
  if (commit != "unknown" && commit != "redacted") info.commit = commit;
  return info;
}

}  // namespace base
