#include "server/fields.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "server/http/response.h"

namespace server {
namespace {

int Number2(std::string_view text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

// `pattern`: '0' stands for a digit, anything else for itself.
bool HasShape(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '0' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

}  // namespace

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < 36; ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return false;
    }
  }
  return true;
}

bool IsDate(std::string_view text) {
  if (!HasShape(text, "0000-00-00")) return false;
  const int year = Number2(text) * 100 + Number2(text.substr(2));
  const int month = Number2(text.substr(5));
  const int day = Number2(text.substr(8));
  const absl::CivilDay civil(year, month, day);  // normalises what does not exist
  return year > 0 && civil.year() == year && civil.month() == month && civil.day() == day;
}

bool IsTime(std::string_view text) {
  return HasShape(text, "00:00") && Number2(text) < 24 && Number2(text.substr(3)) < 60;
}

bool IsTimestamp(std::string_view text) {
  // "2030-01-31T08:00:00" first: lenient parsers take "5-01-31" for a day, each for another one.
  if (text.size() < 20 || text[10] != 'T' || text[16] != ':' || !IsDate(text.substr(0, 10)) ||
      !IsTime(text.substr(11, 5)) || !HasShape(text.substr(17, 2), "00") ||
      Number2(text.substr(17)) > 59) {
    return false;
  }
  text.remove_prefix(19);
  if (text.front() == '.') {
    const size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    if (end < 2 || end > 10) return false;
    text.remove_prefix(end);
  }
  if (text == "Z") return true;
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) return false;
  return IsTime(text.substr(1)) && Number2(text.substr(1)) < 16;
}

void FieldReader::Fail(std::string_view name, std::string_view message) {
  if (status_.ok()) status_ = FieldError(name, message);
}

const boost::json::value* FieldReader::Find(std::string_view name, bool required) {
  const boost::json::value* value = object_.if_contains(name);
  if (value != nullptr) read_.push_back(name);
  if (value != nullptr && value->is_null()) value = nullptr;
  if (value == nullptr && required) Fail(name, absl::StrCat(std::string(name), " is required"));
  return value;
}

std::string_view FieldReader::Text(std::string_view name, size_t max_length, bool required) {
  const boost::json::value* value = Find(name, required);
  if (value == nullptr) return {};
  const boost::json::string* text = value->if_string();
  if (text == nullptr || text->empty() || text->size() > max_length) {
    Fail(name, absl::StrCat(std::string(name), " must be text of 1 to ", max_length, " bytes"));
    return {};
  }
  // JSON may carry it, PostgreSQL's text cannot.
  if (text->find('\0') != boost::json::string::npos) {
    Fail(name, absl::StrCat(std::string(name), " must not contain a zero character"));
    return {};
  }
  return {text->data(), text->size()};
}

std::string FieldReader::String(std::string_view name, size_t max_length) {
  return std::string(Text(name, max_length, true));
}

std::optional<std::string> FieldReader::OptionalString(std::string_view name, size_t max_length) {
  const std::string_view text = Text(name, max_length, false);
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

std::string FieldReader::Uuid(std::string_view name) {
  const std::string_view text = Text(name, 64, true);
  if (!text.empty() && !IsUuid(text)) {
    Fail(name, absl::StrCat(std::string(name), " must be a lower-case UUID"));
  }
  return std::string(text);
}

std::string FieldReader::Date(std::string_view name) {
  const std::string_view text = Text(name, 64, true);
  if (!text.empty() && !IsDate(text)) {
    Fail(name, absl::StrCat(std::string(name), " must be a date YYYY-MM-DD"));
  }
  return std::string(text);
}

std::string FieldReader::Time(std::string_view name) {
  const std::string_view text = Text(name, 64, true);
  if (!text.empty() && !IsTime(text)) {
    Fail(name, absl::StrCat(std::string(name), " must be a time HH:MM"));
  }
  return std::string(text);
}

std::string FieldReader::OneOf(std::string_view name,
                               std::initializer_list<std::string_view> allowed) {
  const std::string_view text = Text(name, 255, true);
  for (std::string_view candidate : allowed) {
    if (candidate == text) return std::string(text);
  }
  std::string list;
  for (std::string_view candidate : allowed) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", std::string(candidate));
  }
  if (!text.empty()) Fail(name, absl::StrCat(std::string(name), " must be one of ", list));
  return {};
}

double FieldReader::Number(std::string_view name, double low, double high) {
  const boost::json::value* value = Find(name, true);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const double number = value->is_number() ? value->to_number<double>(error) : std::nan("");
  if (error || !(number >= low && number <= high)) {
    Fail(name, absl::StrCat(std::string(name), " must be a number from ", low, " to ", high));
    return 0;
  }
  return number;
}

const absl::Status& FieldReader::Finish() {
  if (!status_.ok() || read_.size() == object_.size()) return status_;
  for (const auto& member : object_) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::find(read_.begin(), read_.end(), name) != read_.end()) continue;
    Fail(name, "this field is not known");
    break;
  }
  return status_;
}

}  // namespace server
