#include "tools/demo/manifest_checks.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/paths.h"
#include "base/subprocess.h"

namespace demo {

absl::Status CheckManifests(const std::string& simulator, const std::string& deployment_path,
                            const std::string& out) {
  auto output =
      base::RunCommand({simulator, "check", "--format=json", deployment_path}, absl::Seconds(20));
  if (!output.ok()) return output.status();
  // Exit code 1 only says that there are error findings: that is what the judge wants to know.
  if (output->exit.signal != 0 || output->exit.code > 1) {
    return absl::UnavailableError(
        absl::StrCat("simulator check ", deployment_path, ": ", output->err));
  }
  return base::WriteFile(out, output->out);
}

}  // namespace demo
