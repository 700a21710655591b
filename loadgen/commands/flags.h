#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gflags/gflags.h"

// Command line of `loadgen`: what both commands share.
//
// The flags are gflags; dashes and underscores mean the same (--allow-target), one dash or two
// (-c 64). Unlike gflags' own parser a mistake is a Status: the program decides its exit code.
namespace loadgen {

// Exit codes; 99, 104 and 105 are k6's.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;       // target unreachable, a worker broke, output unwritable
inline constexpr int kExitThresholds = 99;  // the run is valid and a threshold failed
inline constexpr int kExitBadConfig = 104;  // flags, scenario, tokens, target not allowed
inline constexpr int kExitInterrupted = 105;  // SIGINT or SIGTERM; what was measured is written
inline constexpr int kExitInvalid = 110;      // the generator was the bottleneck

// Sets the flags among `args` and returns the words that are none.
absl::StatusOr<std::vector<std::string>> ParseFlags(const std::vector<std::string>& args);

// "10s", "500ms", "2m": a positive time in ns. `flag` names it in the error.
absl::StatusOr<int64_t> ParseDurationNanos(absl::string_view text, absl::string_view flag);

// A path relative to the folder where the user typed the command (`bazel run` changes it).
std::string UserPath(const std::string& path);

}  // namespace loadgen

DECLARE_int32(workers);
DECLARE_string(out);
DECLARE_string(allow_target);
DECLARE_string(source_addresses);
DECLARE_bool(progress);
