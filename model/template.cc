#include "model/template.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace model {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

bool IsVariableName(std::string_view name) {
  bool part_is_empty = true;
  for (const char c : name) {
    if (c == '.') {
      if (part_is_empty) return false;
      part_is_empty = true;
      continue;
    }
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
    part_is_empty = false;
  }
  return !part_is_empty;
}

void AppendJsonEscaped(std::string_view value, std::string* out) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20) {
      out->append("\\u00");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    } else {
      out->push_back(c);
    }
  }
}

void AppendUrlEscaped(std::string_view value, std::string* out) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out->push_back(c);
    } else {
      out->push_back('%');
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    }
  }
}

}  // namespace

absl::StatusOr<Template> Template::Compile(std::string_view text, Escape escape) {
  Template compiled;
  compiled.escape_ = escape;
  uint32_t literal_begin = 0;
  const auto end_segment = [&](int32_t variable) {
    const auto end = static_cast<uint32_t>(compiled.literals_.size());
    compiled.segments_.push_back({literal_begin, end - literal_begin, variable});
    literal_begin = end;
  };
  size_t i = 0;
  while (i < text.size()) {
    if (text.substr(i, 3) == "$${") {
      compiled.literals_.append("${");
      i += 3;
      continue;
    }
    if (text.substr(i, 2) != "${") {
      compiled.literals_.push_back(text[i++]);
      continue;
    }
    const size_t close = text.find('}', i);
    if (close == std::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("expected } for the ${ at character ", i + 1));
    }
    const std::string name(text.substr(i + 2, close - i - 2));
    if (!IsVariableName(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected a variable such as ${slot} or ${doctor.id} at character ", i + 1,
                       ", found \"${", name, "}\""));
    }
    const auto known = std::find(compiled.variables_.begin(), compiled.variables_.end(), name);
    end_segment(static_cast<int32_t>(known - compiled.variables_.begin()));
    if (known == compiled.variables_.end()) compiled.variables_.push_back(name);
    i = close + 1;
  }
  if (literal_begin < compiled.literals_.size()) end_segment(-1);
  return compiled;
}

void Template::AppendEscaped(std::string_view value, Escape escape, std::string* out) {
  switch (escape) {
    case Escape::kNone:
      out->append(value);
      return;
    case Escape::kJson:
      AppendJsonEscaped(value, out);
      return;
    case Escape::kUrl:
      AppendUrlEscaped(value, out);
      return;
  }
}

}  // namespace model
