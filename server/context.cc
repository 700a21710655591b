#include "server/context.h"

#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace server {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A wrong escape stays as it is: the field's own check will refuse it and name it.
std::string PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<const boost::json::object*> RequestContext::JsonBody() {
  if (parsed_body) return &*parsed_body;
  if (request.body.empty()) return FieldError("", "the body must be a JSON object, it is empty");
  boost::json::stream_parser parser({}, {.max_depth = 8});
  boost::system::error_code error;
  const size_t consumed = parser.write_some(request.body.data(), request.body.size(), error);
  if (!error) parser.finish(error);
  if (error || request.body.find_first_not_of(" \t\r\n", consumed) != std::string_view::npos) {
    return FieldError("", absl::StrCat("the body is not valid JSON (byte ", consumed, ")"));
  }
  boost::json::value value = parser.release();
  if (!value.is_object()) return FieldError("", "the body must be a JSON object");
  parsed_body = std::move(value.get_object());
  return &*parsed_body;
}

std::optional<std::string> RequestContext::Query(std::string_view name) const {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const size_t end = rest.find('&');
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const size_t equals = pair.find('=');
    if (PercentDecode(pair.substr(0, equals)) != name) continue;
    return PercentDecode(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace server
