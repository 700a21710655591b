#pragma once

#include <string>
#include <string_view>

#include "server/http/response.h"
#include "server/http/stamp.h"

// Turns a Response into bytes: status line, headers and the envelope, appended to one buffer that
// the session writes at once. The body is built in place behind its header, whose Content-Length
// has a field of fixed width (padded with leading spaces, which HTTP allows) that is filled in
// last.

namespace server {

struct ResponseFrame {
  std::string_view request_id;  // safe to send; left out when empty
  bool close = false;           // adds Connection: close
  bool head_only = false;       // HEAD: no body, but its length
};

void AppendResponse(const Response& response, const ResponseFrame& frame, const Stamp& stamp,
                    std::string* out);

// "Not Found"; "Unknown" for codes the server never sends.
std::string_view ReasonPhrase(int status);
// Appends `text` with JSON's escapes, without quotes. `text` must be UTF-8.
void AppendJsonEscaped(std::string_view text, std::string* out);

}  // namespace server
