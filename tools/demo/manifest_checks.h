#pragma once

#include <string>

#include "absl/status/status.h"

namespace demo {

// Runs `simulator check` (the binary's path) over one deployment and writes its JSON report to
// `out`. Findings are a result, not an error; Unavailable with what the program said when it could
// not check.
absl::Status CheckManifests(const std::string& simulator, const std::string& deployment_path,
                            const std::string& out);

}  // namespace demo
