#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// For functions that return absl::Status or absl::StatusOr: leave with the error, or go on.
//
//   PRAXIS_RETURN_IF_ERROR(Check(x));
//   PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"a"}));

#define PRAXIS_STATUS_JOIN_INNER(a, b) a##b
#define PRAXIS_STATUS_JOIN(a, b) PRAXIS_STATUS_JOIN_INNER(a, b)

#define PRAXIS_RETURN_IF_ERROR(expression)                                \
  do {                                                                    \
    if (absl::Status praxis_status = (expression); !praxis_status.ok()) { \
      return praxis_status;                                               \
    }                                                                     \
  } while (false)

// A declaration cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define PRAXIS_ASSIGN_OR_RETURN(declaration, expression)                                   \
  PRAXIS_ASSIGN_OR_RETURN_INNER(PRAXIS_STATUS_JOIN(praxis_result_, __LINE__), declaration, \
                                expression)

#define PRAXIS_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return std::move(result).status();                 \
  declaration = *std::move(result)
// NOLINTEND(bugprone-macro-parentheses)
