#pragma once

#include <cstdint>
#include <string_view>

// Request: one parsed HTTP/1.1 request, as views into the connection's read buffer.
//
// Lifetime: the session keeps the buffer until the response is written, so every view is valid for
// as long as the request's handler runs and not a moment longer. Copy what must live on.

namespace server {

enum class Method : uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOther };

// "GET", ...; "OTHER" for methods that no route has.
std::string_view MethodName(Method method);

struct Request {
  Method method = Method::kGet;
  std::string_view path;           // before '?', still percent-encoded, starts with '/'
  std::string_view query;          // after '?', still percent-encoded; empty when there is none
  std::string_view authorization;  // header values; empty when absent
  std::string_view request_id;     // X-Request-ID as sent, not yet checked
  std::string_view clinic_id;      // X-Clinic-ID as sent; never an authority, see dispatcher.h
  std::string_view content_type;
  std::string_view user_agent;
  std::string_view body;
  bool keep_alive = true;  // what the client asked for
};

}  // namespace server
