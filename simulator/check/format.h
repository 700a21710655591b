#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/verdict.pb.h"

namespace simulator {

// For people: one block a finding (severity, rule, file:line, object, what, the arithmetic, the
// change), then a summary "N errors, N warnings, N notes in M objects".
std::string FormatTable(const model::CheckReport& report, size_t objects);

// For machines: the CheckReport message as JSON, fields as in verdict.proto.
absl::StatusOr<std::string> FormatJson(const model::CheckReport& report);

// Workflow commands that GitHub shows at the lines of a pull request.
std::string FormatGithub(const model::CheckReport& report, size_t objects);

// The rules themselves as a Markdown table (docs/check.md).
std::string FormatRules();

// "N errors, N warnings, N notes in M objects"
std::string FormatSummary(const model::CheckReport& report, size_t objects);

}  // namespace simulator
