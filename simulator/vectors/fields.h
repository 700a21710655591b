// Typed access to the fields of a JSON object; the first mistake is kept.
//
// Readers of vectors ask for many fields; instead of a check after each, they look once at
// error() before using what they read. An absent field and null are the same thing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "boost/json/array.hpp"
#include "boost/json/object.hpp"

namespace simulator {

class Fields {
 public:
  // `object` must outlive this. `path` prefixes error texts ("input").
  Fields(const boost::json::object& object, std::string path)
      : object_(&object), path_(std::move(path)), error_(std::make_shared<std::string>()) {}

  // Empty: no mistake so far, in this object and all objects read from it.
  const std::string& error() const { return *error_; }
  void Fail(const std::string& field, const std::string& expected);

  bool Has(const char* name) const;
  int64_t Int(const char* name);    // required; saturates outside int64
  int32_t Int32(const char* name);  // required
  double Double(const char* name, double fallback);
  bool Bool(const char* name, bool fallback);
  std::string String(const char* name, const std::string& fallback);
  std::optional<int64_t> OptionalInt(const char* name);
  std::optional<int32_t> OptionalInt32(const char* name);
  std::optional<double> OptionalDouble(const char* name);
  // Seconds to nanoseconds; fractions are allowed.
  std::optional<int64_t> OptionalNs(const char* name);
  int64_t Ns(const char* name, int64_t fallback_ns);

  std::optional<Fields> Object(const char* name);
  std::vector<Fields> Objects(const char* name);  // absent: empty
  std::vector<int64_t> Ints(const char* name);    // absent: empty
  std::vector<double> Doubles(const char* name);  // absent: empty
  double RequiredDouble(const char* name);
  std::vector<std::optional<int64_t>> OptionalInts(const char* name);
  const boost::json::object& raw() const { return *object_; }

 private:
  const boost::json::value* Find(const char* name) const;
  const boost::json::array* Array(const char* name);
  Fields Child(const boost::json::object& object, const std::string& name) const;

  const boost::json::object* object_;
  std::string path_;
  std::shared_ptr<std::string> error_;
};

}  // namespace simulator
