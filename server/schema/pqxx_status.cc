#include "server/schema/pqxx_status.h"

#include <pqxx/except>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace server {

absl::Status PqxxStatus(std::string_view doing, const std::exception& error) {
  const std::string what =
      absl::StrReplaceAll(absl::StripAsciiWhitespace(error.what()), {{"\n", "; "}, {"\t", " "}});
  const std::string message = absl::StrCat(std::string(doing), ": ", what);
  if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr) {
    return absl::UnavailableError(message);
  }
  return absl::InternalError(message);
}

}  // namespace server
