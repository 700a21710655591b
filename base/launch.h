#pragma once

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "base/subprocess.h"

namespace base::internal {

// fork and exec of `options.argv`; `output` and `error` become the child's streams (-1: the
// parent's; `options.log_file` is the caller's matter). Returns the pid once exec has succeeded,
// else the step that failed, reported by the child through a close-on-exec pipe.
absl::StatusOr<pid_t> Launch(const SubprocessOptions& options, int output, int error);

}  // namespace base::internal
