#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

// FieldReader: typed fields out of a JSON body. Collects the first mistake, so that a handler reads
// all its fields and checks once:
//
//   FieldReader fields(**body);
//   std::string id = fields.Uuid("patientId");
//   std::string notes = fields.OptionalString("notes", 1000).value_or("");
//   if (!fields.Finish().ok()) co_return ErrorResponse(fields.status());
//
// A reader returns an empty value after a mistake; never use values before status() is checked.
// Finish() refuses fields that nobody read: a misspelt optional field is a mistake, not silence.

namespace server {

class FieldReader {
 public:
  explicit FieldReader(const boost::json::object& object) : object_(object) {}

  // 1..max_length bytes of UTF-8.
  std::string String(std::string_view name, size_t max_length = 255);
  std::optional<std::string> OptionalString(std::string_view name, size_t max_length = 255);
  // Canonical lower-case UUID.
  std::string Uuid(std::string_view name);
  // "YYYY-MM-DD", a day that exists.
  std::string Date(std::string_view name);
  // "HH:MM", 00:00..23:59.
  std::string Time(std::string_view name);
  // One of `allowed`.
  std::string OneOf(std::string_view name, std::initializer_list<std::string_view> allowed);
  // A finite number in [low, high].
  double Number(std::string_view name, double low, double high);

  // Error unless every field of the object was read; status() afterwards.
  const absl::Status& Finish();
  const absl::Status& status() const { return status_; }

 private:
  const boost::json::value* Find(std::string_view name, bool required);
  std::string_view Text(std::string_view name, size_t max_length, bool required);
  void Fail(std::string_view name, std::string_view message);

  const boost::json::object& object_;
  absl::Status status_;
  std::vector<std::string_view> read_;
};

// The same checks for path and query parameters.
bool IsUuid(std::string_view text);
// From year 0001: there is no year 0.
bool IsDate(std::string_view text);
bool IsTime(std::string_view text);
// "2030-01-31T08:00:00Z", also with a fraction of up to 9 digits and with an offset "+05:30" of
// less than 16 h: RFC 3339 in its full shape, and what PostgreSQL reads as the same moment.
bool IsTimestamp(std::string_view text);

}  // namespace server
