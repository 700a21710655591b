#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace model::kubernetes {

// PostgreSQL settings by lower-case name, values without quotes.
using Settings = std::map<std::string, std::string>;

// Lines of a postgresql.conf: `name = value # comment`, the equals sign optional.
Settings ParsePostgresConf(const std::string& text);

// A memory setting in bytes: "4GB", "128MB", "16384" (in `unit_bytes`, 8192 for shared_buffers and
// 1024 for work_mem). Empty when it is none.
std::optional<uint64_t> PostgresMemory(const std::string& value, uint64_t unit_bytes);

// on/true/yes/1 and synchronous_commit's further levels (local, remote_write, remote_apply).
bool PostgresOn(const std::string& value);

}  // namespace model::kubernetes
