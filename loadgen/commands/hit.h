#pragma once

#include <string>
#include <vector>

// `loadgen hit URL`: a plain closed hammer on keep-alive connections (docs/loadgen.md).
namespace loadgen {

// `args` without the command's name; returns the exit code.
int RunHit(const std::vector<std::string>& args);

}  // namespace loadgen
