#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "model/catalogue.h"
#include "server/context.h"
#include "server/routes/route_table.h"

// FakeRequest: a request as a handler sees it, for tests that call handlers without HTTP. Keeps
// what the context refers to; keep it alive until the handler's task has ended.

namespace server {

class FakeRequest {
 public:
  // `target` is "/path?query"; `who` is the signed-in user.
  FakeRequest(const Services& services, std::string_view operation, const model::Entity& who,
              std::string target, std::string body = "")
      : target_(std::move(target)), body_(std::move(body)) {
    const Route& route = Routes()[static_cast<size_t>(RouteIndex(operation))];
    const size_t question = target_.find('?');
    request_.method = route.method;
    request_.path = std::string_view(target_).substr(0, question);
    if (question != std::string::npos) {
      request_.query = std::string_view(target_).substr(question + 1);
    }
    request_.body = body_;
    request_.content_type = "application/json";
    Principal principal;
    principal.user_id = who.id;
    principal.role = *ParseRole(who.role);
    principal.clinic_id = who.clinic_id;
    principal.email = who.email;
    static int number = 0;
    context_ = std::make_unique<RequestContext>(
        RequestContext{.route = route,
                       .request = request_,
                       .services = services,
                       .principal = principal,
                       .params = MatchRoute(route.method, request_.path).params,
                       .request_id = absl::StrCat("request-", ++number),
                       .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10),
                       .cost = {},
                       .audit_subject = {}});
  }

  RequestContext& context() { return *context_; }

 private:
  std::string target_;
  std::string body_;
  Request request_;
  std::unique_ptr<RequestContext> context_;
};

}  // namespace server
