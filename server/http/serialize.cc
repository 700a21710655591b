#include "server/http/serialize.h"

#include <charconv>
#include <cstring>

namespace server {
namespace {

constexpr std::string_view kLengthField = "\r\nContent-Length:           ";
constexpr size_t kLengthWidth = 10;

void AppendNumber(int value, std::string* out) {
  char digits[12];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out->append(digits, end);
}

// Writes `value` right-aligned into the field that ends at `end` of `out`.
void FillLength(size_t value, size_t end, std::string* out) {
  do {
    (*out)[--end] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
}

void AppendHeader(const Response& response, const ResponseFrame& frame, const Stamp& stamp,
                  std::string* out) {
  if (response.status == 200) {
    out->append("HTTP/1.1 200 OK\r\nContent-Type: ");
  } else {
    out->append("HTTP/1.1 ");
    AppendNumber(response.status, out);
    out->push_back(' ');
    out->append(ReasonPhrase(response.status));
    out->append("\r\nContent-Type: ");
  }
  out->append(response.plain_content_type.empty() ? std::string_view("application/json")
                                                  : response.plain_content_type);
  out->append("\r\nCache-Control: no-store\r\nDate: ");
  out->append(stamp.http_date());
  if (!frame.request_id.empty()) {
    out->append("\r\nX-Request-ID: ");
    out->append(frame.request_id);
  }
  if (response.retry_after_seconds > 0) {
    out->append("\r\nRetry-After: ");
    AppendNumber(response.retry_after_seconds, out);
  }
  if (frame.close) out->append("\r\nConnection: close");
  if (!response.extra_headers.empty()) {  // complete lines: their last CRLF is the one we add
    out->append("\r\n");
    out->append(response.extra_headers, 0, response.extra_headers.size() - 2);
  }
  out->append(kLengthField);
}

void AppendBody(const Response& response, const Stamp& stamp, std::string* out) {
  if (!response.plain_content_type.empty()) {
    out->append(response.data);
    return;
  }
  if (response.error_code.empty()) {
    out->append("{\"success\":true,\"data\":");
    out->append(response.data.empty() ? std::string_view("null") : response.data);
    if (!response.message.empty()) {
      out->append(",\"message\":\"");
      AppendJsonEscaped(response.message, out);
      out->push_back('"');
    }
  } else {
    out->append("{\"success\":false,\"error\":{\"code\":\"");
    out->append(response.error_code);
    out->append("\",\"message\":\"");
    AppendJsonEscaped(response.message, out);
    if (!response.error_field.empty()) {
      out->append("\",\"field\":\"");
      AppendJsonEscaped(response.error_field, out);
    }
    out->append("\"}");
  }
  out->append(",\"timestamp\":\"");
  out->append(stamp.iso());
  out->append("\"}");
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

void AppendJsonEscaped(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out->append("\\u00");
      out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out->push_back(kHex[c & 15]);
    } else {
      out->push_back(c);
    }
  }
}

void AppendResponse(const Response& response, const ResponseFrame& frame, const Stamp& stamp,
                    std::string* out) {
  AppendHeader(response, frame, stamp, out);
  const size_t length_end = out->size();
  static_assert(kLengthField.size() > kLengthWidth);
  out->append("\r\n\r\n");
  const size_t body_begin = out->size();
  AppendBody(response, stamp, out);
  FillLength(out->size() - body_begin, length_end, out);
  if (frame.head_only) out->resize(body_begin);
}

}  // namespace server
