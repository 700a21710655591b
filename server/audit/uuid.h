#pragma once

#include <string>
#include <string_view>

namespace server {

// Version 4, from the operating system's randomness: for identities, not for simulation.
std::string RandomUuid();

// 8-4-4-4-12 hexadecimal digits.
bool LooksLikeUuid(std::string_view text);

}  // namespace server
