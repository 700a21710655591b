#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Response: what a handler answers. The session writes status line, headers and envelope into one
// buffer (SerializeResponse in serialize.h): handlers give only what differs.
//
//   success  {"success":true,"data":DATA,"message":MESSAGE,"timestamp":T}
//   failure  {"success":false,"error":{"code":C,"message":M,"field":F},"timestamp":T}
//
// Errors inside the server travel as absl::Status; ErrorResponse maps them in one place:
//
//   InvalidArgument, OutOfRange, FailedPrecondition  400 VALIDATION_ERROR   (field, see FieldError)
//   Unauthenticated                                  401 UNAUTHENTICATED
//   PermissionDenied                                 403 FORBIDDEN
//   NotFound                                         404 NOT_FOUND
//   AlreadyExists, Aborted                           409 CONFLICT
//   Unavailable                                      503 UNAVAILABLE + Retry-After
//   ResourceExhausted                                503 OVERLOADED + Retry-After
//   DeadlineExceeded                                 503 DEADLINE_EXCEEDED + Retry-After
//   anything else                                    500 INTERNAL; the text goes to the log only
//
// The message of a status that maps to 4xx is shown to the client: never put PHI or SQL into it.

namespace server {

struct Response {
  int status = 200;
  std::string data;                     // JSON text of `data`; empty means null
  std::string message;                  // plain text; left out when empty
  std::string error_code;               // not empty: this is a failure and `message` explains it
  std::string error_field;              // the offending field of the request; left out when empty
  std::string extra_headers;            // complete lines, each ending in "\r\n"
  int retry_after_seconds = 0;          // > 0 adds Retry-After
  std::string_view plain_content_type;  // not empty: `data` is the whole body, no envelope
};

// 200 with JSON text that is already serialised (a cached value, PostgreSQL's own json).
Response OkJson(std::string data_json, std::string message = {});
Response Ok(const boost::json::value& data, std::string message = {});
// 201.
Response Created(const boost::json::value& data, std::string message = {});

Response ErrorResponse(const absl::Status& status);
Response ErrorResponse(int http_status, std::string code, std::string message,
                       std::string field = {});

// InvalidArgument whose response names the field of the request that is wrong.
absl::Status FieldError(std::string_view field, std::string_view message);
// The field named by FieldError; empty for other statuses.
std::string ErrorField(const absl::Status& status);

}  // namespace server
