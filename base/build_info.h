#pragma once

#include <string>

namespace base {

// What this program was built from, for the provenance of results.
struct BuildInfo {
  std::string version;  // of the project
  std::string commit;   // git commit at which the program was linked; "-dirty" with local changes;
                        // empty when it was built without stamping
};

BuildInfo ThisBuild();

}  // namespace base
