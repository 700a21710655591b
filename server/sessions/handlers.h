#pragma once

#include "base/task.h"
#include "server/context.h"

// auth.login, auth.refresh, auth.logout: JSON in, SessionService, JSON out.

namespace server {

// {email, password} -> data{accessToken, refreshToken, expiresIn, user{id, email, role, clinicId}}
base::Task<Response> HandleLogin(RequestContext& context);
// {refreshToken} -> the same data
base::Task<Response> HandleRefresh(RequestContext& context);
// No body -> data null
base::Task<Response> HandleLogout(RequestContext& context);

}  // namespace server
