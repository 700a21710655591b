#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/catalogue.h"

// Minted session tokens: one a line, `ROLE index userId clinicId token`, as tools/mint prints them.
// Blank lines and lines that start with # are skipped. `index` counts the role's users in the seed
// catalogue.
namespace loadgen {

struct Credential {
  uint64_t index = 0;
  std::string_view user_id;
  std::string_view clinic_id;
  std::string_view token;
};

// Immutable once loaded; forked workers share the memory. About 60 bytes beside the file's own.
class Tokens {
 public:
  // Errors name file and line. An empty path gives no tokens.
  static absl::StatusOr<Tokens> Load(const std::string& path);
  static absl::StatusOr<Tokens> Parse(std::string text, std::string_view name);

  // Of a role ("PATIENT"); empty when there are none.
  const std::vector<Credential>& OfRole(std::string_view role) const;

  // Tokens of another catalogue would be refused by the server one request at a time: compares the
  // ids of each role's first and last token.
  absl::Status CheckAgainst(const model::Catalogue& catalogue) const;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::unique_ptr<std::string> text_;
  std::map<std::string, std::vector<Credential>, std::less<>> by_role_;
};

}  // namespace loadgen
