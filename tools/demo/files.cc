#include "tools/demo/files.h"

#include <utility>

#include "base/paths.h"

namespace demo {

absl::StatusOr<Files> FindFiles() {
  Files files;
  for (auto [path, into] : {std::pair{"server/server", &files.server},
                            {"loadgen/loadgen", &files.loadgen},
                            {"simulator/simulator", &files.simulator},
                            {"tools/mint/mint", &files.mint},
                            {"scenarios/clinic_day.yaml", &files.scenario},
                            {"claims/deployments/dev-4-cores.yaml", &files.dev},
                            {"claims/deployments/staging-20-cores.yaml", &files.staging},
                            {"k8s/rendered/production.yaml", &files.production},
                            {"claims/deployments/as-documented.yaml", &files.as_documented},
                            {"claims/deployments/as-shipped.yaml", &files.as_shipped},
                            {"claims/deployments/this-host.yaml", &files.this_host},
                            {"claims/claims.yaml", &files.claims}}) {
    auto found = base::Runfile(path);
    if (!found.ok()) return found.status();
    *into = *std::move(found);
  }
  return files;
}

}  // namespace demo
