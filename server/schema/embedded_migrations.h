#pragma once

#include <string_view>
#include <vector>

// The files of migrations/, built into the program: "0001_roles" and its text, in order.

namespace server {

struct EmbeddedMigration {
  std::string_view name;
  std::string_view sql;
};
const std::vector<EmbeddedMigration>& EmbeddedMigrations();

}  // namespace server
