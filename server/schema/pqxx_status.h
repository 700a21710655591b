#pragma once

#include <exception>
#include <string_view>

#include "absl/status/status.h"

// What libpqxx threw, as a Status of one line: UNAVAILABLE for a connection that failed, INTERNAL
// for a statement that was refused. `doing` says what was tried.

namespace server {

absl::Status PqxxStatus(std::string_view doing, const std::exception& error);

}  // namespace server
