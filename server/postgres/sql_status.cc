#include "server/postgres/sql_status.h"

#include <string_view>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace server {
namespace {

constexpr char kConstraintPayload[] = "praxis/sql/constraint";

absl::StatusCode CodeOf(std::string_view state) {
  if (state == "23505") return absl::StatusCode::kAlreadyExists;
  if (state == "23514" || state.starts_with("22")) return absl::StatusCode::kInvalidArgument;
  if (state.starts_with("23")) return absl::StatusCode::kFailedPrecondition;
  if (state == "42501") return absl::StatusCode::kPermissionDenied;
  if (state.starts_with("40")) return absl::StatusCode::kAborted;
  if (state == "57014") return absl::StatusCode::kDeadlineExceeded;
  if (state.starts_with("08") || state.starts_with("53") || state.starts_with("57P")) {
    return absl::StatusCode::kUnavailable;
  }
  return absl::StatusCode::kInternal;
}

std::string_view Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

absl::Status SqlStatus(const PGresult* result) {
  const std::string state(Field(result, PG_DIAG_SQLSTATE));
  const std::string message(Field(result, PG_DIAG_MESSAGE_PRIMARY));
  absl::Status status(CodeOf(state), absl::StrCat("PostgreSQL ", state, ": ", message));
  const std::string_view constraint = Field(result, PG_DIAG_CONSTRAINT_NAME);
  if (!constraint.empty()) {
    status.SetPayload(kConstraintPayload, absl::Cord(std::string(constraint)));
  }
  return status;
}

std::string ViolatedConstraint(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kConstraintPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

absl::Status UnexpectedSql(const absl::Status& status) {
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
      absl::IsDeadlineExceeded(status)) {
    return status;
  }
  // A deadlock's or a serialisation's victim: the same request may well succeed.
  if (absl::IsAborted(status)) return absl::UnavailableError(status.message());
  return absl::InternalError(status.message());
}

}  // namespace server
