#include "simulator/vectors/fields.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "boost/json/value.hpp"

namespace simulator {
namespace {

std::optional<int64_t> AsInt(const boost::json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_uint64()) return std::numeric_limits<int64_t>::max();
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  if (number >= 9223372036854775808.0) return std::numeric_limits<int64_t>::max();
  if (number <= -9223372036854775808.0) return std::numeric_limits<int64_t>::min();
  if (number != std::floor(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<double> AsDouble(const boost::json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return std::nullopt;
}

}  // namespace

void Fields::Fail(const std::string& field, const std::string& expected) {
  if (error_->empty()) *error_ = absl::StrCat(path_, ".", field, ": expected ", expected);
}

const boost::json::value* Fields::Find(const char* name) const {
  const boost::json::value* value = object_->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Fields Fields::Child(const boost::json::object& object, const std::string& name) const {
  Fields child(object, absl::StrCat(path_, ".", name));
  child.error_ = error_;
  return child;
}

bool Fields::Has(const char* name) const { return Find(name) != nullptr; }

std::optional<int64_t> Fields::OptionalInt(const char* name) {
  const boost::json::value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<int64_t> number = AsInt(*value);
  if (!number.has_value()) Fail(name, "an integer");
  return number;
}

std::optional<int32_t> Fields::OptionalInt32(const char* name) {
  std::optional<int64_t> number = OptionalInt(name);
  if (!number.has_value()) return std::nullopt;
  if (*number < std::numeric_limits<int32_t>::min() ||
      *number > std::numeric_limits<int32_t>::max()) {
    Fail(name, "a 32-bit integer");
    return std::nullopt;
  }
  return static_cast<int32_t>(*number);
}

int64_t Fields::Int(const char* name) {
  if (!Has(name)) Fail(name, "an integer, but it is missing");
  return OptionalInt(name).value_or(0);
}

int32_t Fields::Int32(const char* name) {
  if (!Has(name)) Fail(name, "an integer, but it is missing");
  return OptionalInt32(name).value_or(0);
}

std::optional<double> Fields::OptionalDouble(const char* name) {
  const boost::json::value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<double> number = AsDouble(*value);
  if (!number.has_value()) Fail(name, "a number");
  return number;
}

double Fields::RequiredDouble(const char* name) {
  if (!Has(name)) Fail(name, "a number, but it is missing");
  return OptionalDouble(name).value_or(0);
}

std::vector<double> Fields::Doubles(const char* name) {
  std::vector<double> numbers;
  const boost::json::array* array = Array(name);
  if (array == nullptr) return numbers;
  for (const boost::json::value& value : *array) {
    const std::optional<double> number = AsDouble(value);
    if (!number.has_value()) Fail(name, "numbers only");
    numbers.push_back(number.value_or(0));
  }
  return numbers;
}

double Fields::Double(const char* name, double fallback) {
  return OptionalDouble(name).value_or(fallback);
}

std::optional<int64_t> Fields::OptionalNs(const char* name) {
  const boost::json::value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64() && std::abs(value->get_int64()) <= 4'000'000'000) {
    return value->get_int64() * 1'000'000'000;  // exact
  }
  std::optional<double> seconds = AsDouble(*value);
  if (!seconds.has_value() || std::abs(*seconds) > 4e9) {
    Fail(name, "seconds, at most 4000000000");
    return std::nullopt;
  }
  return static_cast<int64_t>(std::llround(*seconds * 1e9));
}

int64_t Fields::Ns(const char* name, int64_t fallback_ns) {
  return OptionalNs(name).value_or(fallback_ns);
}

bool Fields::Bool(const char* name, bool fallback) {
  const boost::json::value* value = Find(name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) Fail(name, "true or false");
  return value->is_bool() ? value->get_bool() : fallback;
}

std::string Fields::String(const char* name, const std::string& fallback) {
  const boost::json::value* value = Find(name);
  if (value == nullptr) return fallback;
  if (!value->is_string()) Fail(name, "a string");
  return value->is_string() ? std::string(value->get_string()) : fallback;
}

std::optional<Fields> Fields::Object(const char* name) {
  const boost::json::value* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) {
    Fail(name, "an object");
    return std::nullopt;
  }
  return Child(value->get_object(), name);
}

const boost::json::array* Fields::Array(const char* name) {
  const boost::json::value* value = Find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) Fail(name, "a list");
  return value->if_array();
}

std::vector<Fields> Fields::Objects(const char* name) {
  std::vector<Fields> children;
  const boost::json::array* array = Array(name);
  if (array == nullptr) return children;
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string label = absl::StrCat(name, "[", i, "]");
    if (!(*array)[i].is_object()) {
      Fail(label, "an object");
      break;
    }
    children.push_back(Child((*array)[i].get_object(), label));
  }
  return children;
}

std::vector<std::optional<int64_t>> Fields::OptionalInts(const char* name) {
  std::vector<std::optional<int64_t>> numbers;
  const boost::json::array* array = Array(name);
  if (array == nullptr) return numbers;
  for (size_t i = 0; i < array->size(); ++i) {
    const boost::json::value& value = (*array)[i];
    numbers.push_back(value.is_null() ? std::nullopt : AsInt(value));
    if (!value.is_null() && !numbers.back()) Fail(absl::StrCat(name, "[", i, "]"), "an integer");
  }
  return numbers;
}

std::vector<int64_t> Fields::Ints(const char* name) {
  std::vector<int64_t> numbers;
  for (const std::optional<int64_t>& number : OptionalInts(name)) {
    if (!number.has_value()) Fail(name, "integers only");
    numbers.push_back(number.value_or(0));
  }
  return numbers;
}

}  // namespace simulator
