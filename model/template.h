#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace model {

// A text with ${variable} or ${name.field} in it, compiled once and expanded often.
//
// A variable is letters, digits and _ in parts joined by dots. "$${" stands for a literal "${"; any
// other "$" is itself. Immutable after Compile.
class Template {
 public:
  // What is done to the variables' values; the literal text is never touched.
  enum class Escape : uint8_t {
    kNone,
    kJson,  // as the inside of a JSON string
    kUrl,   // percent-encodes everything but RFC 3986's unreserved characters
  };

  Template() = default;  // empty text
  // InvalidArgument saying what is wrong at which character, without a file's name.
  static absl::StatusOr<Template> Compile(std::string_view text, Escape escape = Escape::kNone);

  // Distinct variables in order of first use. Their positions are what Expand() asks for, so that a
  // caller can bind each name to a slot once.
  const std::vector<std::string>& variables() const { return variables_; }
  bool IsConstant() const { return variables_.empty(); }
  Escape escape() const { return escape_; }

  // Appends the expanded text to *out. `value_of(i)` gives variables()[i]'s value as something
  // convertible to std::string_view; a view whose data() is nullptr means "has no value": then
  // false is returned and *out is as it was.
  template <typename ValueOf>
  bool Expand(const ValueOf& value_of, std::string* out) const {
    const size_t before = out->size();
    for (const Segment& segment : segments_) {
      out->append(literals_, segment.literal_begin, segment.literal_size);
      if (segment.variable < 0) continue;
      const std::string_view value = value_of(static_cast<size_t>(segment.variable));
      if (value.data() == nullptr) {
        out->resize(before);
        return false;
      }
      AppendEscaped(value, escape_, out);
    }
    return true;
  }

  static void AppendEscaped(std::string_view value, Escape escape, std::string* out);

 private:
  // A literal and the variable after it; -1: none (the last segment).
  struct Segment {
    uint32_t literal_begin;
    uint32_t literal_size;
    int32_t variable;
  };

  std::string literals_;
  std::vector<Segment> segments_;
  std::vector<std::string> variables_;
  Escape escape_ = Escape::kNone;
};

}  // namespace model
