#include "server/http/response.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace server {
namespace {

constexpr char kFieldPayload[] = "praxis/field";

}  // namespace

Response OkJson(std::string data_json, std::string message) {
  Response response;
  response.data = std::move(data_json);
  response.message = std::move(message);
  return response;
}

Response Ok(const boost::json::value& data, std::string message) {
  return OkJson(boost::json::serialize(data), std::move(message));
}

Response Created(const boost::json::value& data, std::string message) {
  Response response = Ok(data, std::move(message));
  response.status = 201;
  return response;
}

Response ErrorResponse(int http_status, std::string code, std::string message, std::string field) {
  Response response;
  response.status = http_status;
  response.error_code = std::move(code);
  response.message = std::move(message);
  response.error_field = std::move(field);
  if (http_status == 503 || http_status == 429) response.retry_after_seconds = 1;
  return response;
}

Response ErrorResponse(const absl::Status& status) {
  std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return ErrorResponse(400, "VALIDATION_ERROR", std::move(message), ErrorField(status));
    case absl::StatusCode::kUnauthenticated:
      return ErrorResponse(401, "UNAUTHENTICATED", std::move(message));
    case absl::StatusCode::kPermissionDenied:
      return ErrorResponse(403, "FORBIDDEN", std::move(message));
    case absl::StatusCode::kNotFound:
      return ErrorResponse(404, "NOT_FOUND", std::move(message));
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return ErrorResponse(409, "CONFLICT", std::move(message));
    // What a dependency said is for the log, not for the client.
    case absl::StatusCode::kUnavailable:
      return ErrorResponse(503, "UNAVAILABLE", "a dependency is unavailable, try again");
    case absl::StatusCode::kResourceExhausted:
      return ErrorResponse(503, "OVERLOADED", "too much is waiting already, try again");
    case absl::StatusCode::kDeadlineExceeded:
      return ErrorResponse(503, "DEADLINE_EXCEEDED", "the answer took too long, try again");
    default:
      return ErrorResponse(500, "INTERNAL", "internal error");
  }
}

absl::Status FieldError(std::string_view field, std::string_view message) {
  absl::Status status =
      absl::InvalidArgumentError(absl::string_view(message.data(), message.size()));
  status.SetPayload(kFieldPayload, absl::Cord(absl::string_view(field.data(), field.size())));
  return status;
}

std::string ErrorField(const absl::Status& status) {
  const auto payload = status.GetPayload(kFieldPayload);
  return payload ? std::string(*payload) : std::string();
}

}  // namespace server
