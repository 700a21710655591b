#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace simulator::availability {

// What somebody knows or assumes of a class of failures: a YAML file, read strictly.
//
//   classes:
//     - name: database             # of ClassesOf
//       share: 0.5                 # of the budget; the rest is split evenly over the others
//       failures_per_year: 2       # of one component
//       recovery: 30m              # until users are served again; with failures_per_year
//       source: "incident log 2024-2026"   # or
//       assumption: true                   # one of the two beside figures
struct StatedClass {
  std::string name;
  double share = 0;  // 0: not stated
  double failures_per_year = 0;
  double recovery_seconds = 0;
  bool assumption = false;
  std::string source;
};

// Errors: FILE:LINE: field: expected ...
absl::StatusOr<std::vector<StatedClass>> LoadClasses(const std::string& path);
absl::StatusOr<std::vector<StatedClass>> ParseClasses(const std::string& text,
                                                      const std::string& name);

}  // namespace simulator::availability
