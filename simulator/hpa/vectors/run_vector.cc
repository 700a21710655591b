#include "simulator/hpa/vectors/run_vector.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "simulator/hpa/vectors/inputs.h"
#include "simulator/hpa/vectors/kinds.h"
#include "simulator/vectors/fields.h"

namespace simulator::hpa {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

bool Matches(const value& expected, const value& got);

bool MatchesObject(const object& expected, const object& got) {
  if (got.contains("error") && !expected.contains("error")) return false;
  for (const auto& member : expected) {
    const value* found = got.if_contains(member.key());
    if (found == nullptr) return false;
    if (member.key() == "error" && member.value().is_string() && found->is_string()) {
      if (found->get_string().find(member.value().get_string()) == std::string::npos) return false;
    } else if (!Matches(member.value(), *found)) {
      return false;
    }
  }
  return true;
}

array SortedIfNames(array list) {
  const bool names =
      std::all_of(list.begin(), list.end(), [](const value& v) { return v.is_string(); });
  if (!names) return list;
  std::sort(list.begin(), list.end(),
            [](const value& a, const value& b) { return a.get_string() < b.get_string(); });
  return list;
}

bool MatchesArray(const array& expected, const array& got) {
  if (expected.size() != got.size()) return false;
  const array left = SortedIfNames(expected);
  const array right = SortedIfNames(got);
  for (size_t i = 0; i < left.size(); ++i) {
    if (!Matches(left[i], right[i])) return false;
  }
  return true;
}

bool Matches(const value& expected, const value& got) {
  if (expected.is_object() && got.is_object()) {
    return MatchesObject(expected.get_object(), got.get_object());
  }
  if (expected.is_array() && got.is_array()) {
    return MatchesArray(expected.get_array(), got.get_array());
  }
  if (expected.is_number() && got.is_number() && (expected.is_double() || got.is_double())) {
    const double a = expected.to_number<double>();
    const double b = got.to_number<double>();
    return std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(a));
  }
  return expected == got;
}

// Only what was asked for, so that expected and got can be read side by side.
object Narrowed(const object& got, const object& expected) {
  object narrowed;
  for (const auto& member : got) {
    const value* wanted = expected.if_contains(member.key());
    if (wanted == nullptr && member.key() != "error") continue;
    const bool nested = wanted != nullptr && wanted->is_object() && member.value().is_object();
    narrowed[member.key()] =
        nested ? value(Narrowed(member.value().get_object(), wanted->get_object()))
               : member.value();
  }
  return narrowed;
}

std::vector<std::string> Required(const object& vector) {
  std::vector<std::string> names;
  const value* requires_value = vector.if_contains("requires");
  if (requires_value == nullptr) return names;
  if (requires_value->is_string()) names.emplace_back(requires_value->get_string());
  if (requires_value->is_array()) {
    for (const value& name : requires_value->get_array()) {
      if (name.is_string()) names.emplace_back(name.get_string());
    }
  }
  return names;
}

}  // namespace

VectorResult RunVector(const value& vector, const Options& options) {
  VectorResult result;
  if (!vector.is_object()) {
    result.id = "?";
    result.got = "expected an object with id, kind, input and expect";
    return result;
  }
  Fields fields(vector.get_object(), "vector");
  result.id = fields.String("id", "?");
  const std::string kind = fields.String("kind", "");
  std::optional<Fields> input = fields.Object("input");
  std::optional<Fields> expect = fields.Object("expect");
  if (!input.has_value() || !expect.has_value()) {
    result.got = "expected the objects input and expect";
    return result;
  }
  result.expected = boost::json::serialize(expect->raw());
  Options with_switches = options;
  for (const std::string& name : Required(vector.get_object())) {
    if (!EnableSwitch(name, &with_switches)) {
      result.got = absl::StrCat("requires the unknown switch '", name, "'");
      return result;
    }
  }
  absl::StatusOr<object> got = RunKind(kind, *input, with_switches);
  if (!got.ok()) {
    result.got = std::string(got.status().message());
    return result;
  }
  result.got = boost::json::serialize(Narrowed(*got, expect->raw()));
  result.passed = MatchesObject(expect->raw(), *got);
  return result;
}

}  // namespace simulator::hpa
