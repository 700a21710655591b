#include "server/sessions/handlers.h"

#include <boost/json/value.hpp>
#include <string>
#include <utility>

#include "server/auth/password.h"
#include "server/fields.h"
#include "server/sessions/session_service.h"

namespace server {
namespace {

constexpr size_t kLongestEmail = 254;  // RFC 5321
constexpr size_t kLongestToken = 4000;

Response Answer(const absl::StatusOr<SignedIn>& signed_in, std::string message) {
  if (!signed_in.ok()) return ErrorResponse(signed_in.status());
  const boost::json::value data = {{"accessToken", signed_in->access_token},
                                   {"refreshToken", signed_in->refresh_token},
                                   {"tokenType", "Bearer"},
                                   {"expiresIn", kAccessTokenSeconds},
                                   {"sessionId", signed_in->session_id},
                                   {"user",
                                    {{"id", signed_in->user_id},
                                     {"email", signed_in->email},
                                     {"role", signed_in->role},
                                     {"clinicId", signed_in->clinic_id}}}};
  return Ok(data, std::move(message));
}

}  // namespace

base::Task<Response> HandleLogin(RequestContext& context) {
  const absl::StatusOr<const boost::json::object*> body = context.JsonBody();
  if (!body.ok()) co_return ErrorResponse(body.status());
  FieldReader fields(**body);
  std::string email = fields.String("email", kLongestEmail);
  std::string password = fields.String("password", kLongestPassword);
  if (!fields.Finish().ok()) co_return ErrorResponse(fields.status());
  const absl::StatusOr<SignedIn> signed_in = co_await context.services.sessions->Login(
      std::move(email), std::move(password), context.deadline, &context.cost);
  co_return Answer(signed_in, "signed in");
}

base::Task<Response> HandleRefresh(RequestContext& context) {
  const absl::StatusOr<const boost::json::object*> body = context.JsonBody();
  if (!body.ok()) co_return ErrorResponse(body.status());
  FieldReader fields(**body);
  std::string token = fields.String("refreshToken", kLongestToken);
  if (!fields.Finish().ok()) co_return ErrorResponse(fields.status());
  const absl::StatusOr<SignedIn> signed_in = co_await context.services.sessions->Refresh(
      std::move(token), context.deadline, &context.cost);
  co_return Answer(signed_in, "refreshed");
}

base::Task<Response> HandleLogout(RequestContext& context) {
  const absl::Status ended = co_await context.services.sessions->Logout(
      context.principal.session_id, context.principal.token_expires_at, context.deadline,
      &context.cost);
  if (!ended.ok()) co_return ErrorResponse(ended);
  co_return OkJson("", "signed out");
}

}  // namespace server
