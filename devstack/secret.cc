#include "devstack/secret.h"

#include <sys/random.h>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/strip.h"
#include "base/paths.h"

namespace devstack {

absl::StatusOr<std::string> KeptSecret(const std::string& path) {
  const absl::StatusOr<std::string> kept = base::ReadFile(path);
  if (kept.ok()) return std::string(absl::StripAsciiWhitespace(*kept));
  if (!absl::IsNotFound(kept.status())) return kept.status();
  std::string bytes(16, '\0');
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return absl::InternalError("cannot read random bytes from the kernel");
  }
  const std::string secret = absl::BytesToHexString(bytes);
  if (absl::Status status = base::WriteFile(path, secret + "\n", 0600); !status.ok()) return status;
  return secret;
}

std::string LastLine(const std::string& path) {
  const absl::StatusOr<std::string> text = base::ReadFile(path);
  if (!text.ok()) return "no log";
  const absl::string_view trimmed = absl::StripTrailingAsciiWhitespace(*text);
  const size_t start = trimmed.rfind('\n');
  return std::string(start == absl::string_view::npos ? trimmed : trimmed.substr(start + 1));
}

}  // namespace devstack
