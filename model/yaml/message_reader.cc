#include "model/yaml/message_reader.h"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "model/yaml/quantity.h"

namespace model {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool EndsWith(const FieldDescriptor& field, std::string_view suffix) {
  return std::string_view(field.name()).ends_with(suffix);
}

// A duration, when the field may have one and the scalar ends in a unit.
std::optional<double> AsDuration(const YamlNode& node, const FieldDescriptor& field) {
  if (!EndsWith(field, "_seconds") || !node.IsScalar()) return std::nullopt;
  const absl::StatusOr<std::string> text = node.AsText();
  if (!text.ok() || text->empty() || !absl::ascii_isalpha(text->back())) return std::nullopt;
  const absl::StatusOr<double> seconds = ParseSeconds(*text);
  if (!seconds.ok()) return std::nullopt;
  return *seconds;
}

absl::StatusOr<double> ReadNumber(const YamlNode& node, const FieldDescriptor& field) {
  if (const std::optional<double> seconds = AsDuration(node, field)) return *seconds;
  absl::StatusOr<double> number = node.AsNumber();
  if (!number.ok() && EndsWith(field, "_seconds")) {
    return node.Error("expected seconds as a number, or a duration such as 250ms, 15s or 1m30s");
  }
  return number;
}

// "500m", "2 cores"; a bare number counts in the field's own unit, millicores, unlike in
// Kubernetes.
absl::StatusOr<uint64_t> ReadMillicores(const std::string& text) {
  std::string_view cores = text;
  const bool with_unit = cores.ends_with(" cores") || cores.ends_with(" core");
  if (with_unit) cores = cores.substr(0, cores.rfind(' '));
  if (!with_unit && !cores.ends_with('m')) return ParseCount(text);
  const absl::StatusOr<uint32_t> milli = ParseMillicores(cores);
  if (!milli.ok()) return milli.status();
  return *milli;
}

// Any integer type, range-checked.
template <typename Integer>
absl::StatusOr<Integer> ReadInteger(const YamlNode& node, const FieldDescriptor& field) {
  const auto convert = [&](const auto& parsed) -> absl::StatusOr<Integer> {
    if (!parsed.ok()) return node.Error(std::string(parsed.status().message()));
    if (*parsed > static_cast<uint64_t>(std::numeric_limits<Integer>::max())) {
      return node.Error(absl::StrCat("expected at most ", std::numeric_limits<Integer>::max()));
    }
    return static_cast<Integer>(*parsed);
  };
  if (const std::optional<double> seconds = AsDuration(node, field)) {
    if (*seconds != std::floor(*seconds) ||
        *seconds > static_cast<double>(std::numeric_limits<int32_t>::max())) {
      return node.Error("expected a duration of whole seconds");
    }
    return static_cast<Integer>(*seconds);
  }
  const bool scalar = node.IsScalar();
  if (scalar && EndsWith(field, "_bytes")) return convert(ParseBytes(*node.AsText()));
  if (scalar && EndsWith(field, "millicores")) return convert(ReadMillicores(*node.AsText()));
  if constexpr (std::numeric_limits<Integer>::is_signed) {
    const absl::StatusOr<int64_t> value = node.AsInteger();
    if (!value.ok()) return value.status();
    if (*value < std::numeric_limits<Integer>::min() ||
        *value > std::numeric_limits<Integer>::max()) {
      return node.Error(absl::StrCat("expected a whole number in ",
                                     std::numeric_limits<Integer>::min(), "..",
                                     std::numeric_limits<Integer>::max()));
    }
    return static_cast<Integer>(*value);
  } else {
    const absl::StatusOr<uint64_t> value = node.AsCount(0, std::numeric_limits<Integer>::max());
    if (!value.ok()) return value.status();
    return static_cast<Integer>(*value);
  }
}

absl::StatusOr<const EnumValueDescriptor*> ReadEnum(const YamlNode& node,
                                                    const EnumDescriptor& type) {
  std::vector<std::string> names;
  std::string upper;
  if (node.IsScalar()) upper = absl::AsciiStrToUpper(*node.AsText());
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (value->number() == 0 && absl::EndsWith(value->name(), "UNSPECIFIED")) continue;
    if (value->name() == upper) return value;
    names.push_back(absl::AsciiStrToLower(value->name()));
  }
  return node.Error(absl::StrCat("expected one of ", absl::StrJoin(names, ", ")));
}

// Stores `value` by Set or, for an element of a repeated field, by Add.
#define STORE(Type, value)                            \
  do {                                                \
    auto parsed = (value);                            \
    if (!parsed.ok()) return parsed.status();         \
    if (field.is_repeated()) {                        \
      reflection.Add##Type(message, &field, *parsed); \
    } else {                                          \
      reflection.Set##Type(message, &field, *parsed); \
    }                                                 \
    return absl::OkStatus();                          \
  } while (false)

absl::Status ReadValue(const YamlNode& node, const FieldDescriptor& field, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      STORE(String, node.AsText());
    case FieldDescriptor::CPPTYPE_BOOL:
      STORE(Bool, node.AsBool());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      STORE(Double, ReadNumber(node, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      STORE(Float, ReadNumber(node, field));
    case FieldDescriptor::CPPTYPE_INT32:
      STORE(Int32, ReadInteger<int32_t>(node, field));
    case FieldDescriptor::CPPTYPE_INT64:
      STORE(Int64, ReadInteger<int64_t>(node, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      STORE(UInt32, ReadInteger<uint32_t>(node, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      STORE(UInt64, ReadInteger<uint64_t>(node, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      STORE(Enum, ReadEnum(node, *field.enum_type()));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ReadMessage(node, field.is_repeated() ? reflection.AddMessage(message, &field)
                                                   : reflection.MutableMessage(message, &field));
  }
  return node.Error("of a type that files cannot hold");
}
#undef STORE

// A map field is a repeated message of key and value.
absl::Status ReadMap(const YamlNode& node, const FieldDescriptor& field, Message* message) {
  const absl::StatusOr<YamlMap> map = node.AsMapOfAny();
  if (!map.ok()) return map.status();
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  for (const YamlMap::Entry& entry : map->entries()) {
    Message* pair = message->GetReflection()->AddMessage(message, &field);
    if (key.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
      return map->ErrorAt(entry, "in a map whose keys are not texts, which files cannot hold");
    }
    pair->GetReflection()->SetString(pair, &key, entry.key);
    if (absl::Status s = ReadValue(entry.value, value, pair); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status ReadField(const YamlNode& node, const FieldDescriptor& field, Message* message) {
  if (field.is_map()) return ReadMap(node, field, message);
  if (!field.is_repeated()) return ReadValue(node, field, message);
  const absl::StatusOr<std::vector<YamlNode>> items = node.AsList();
  if (!items.ok()) return items.status();
  for (const YamlNode& item : *items) {
    if (absl::Status s = ReadValue(item, field, message); !s.ok()) return s;
  }
  return absl::OkStatus();
}

void FillLine(const YamlNode& node, Message* message) {
  const FieldDescriptor* line = message->GetDescriptor()->FindFieldByName("line");
  if (line == nullptr || line->is_repeated() ||
      line->cpp_type() != FieldDescriptor::CPPTYPE_UINT32) {
    return;
  }
  message->GetReflection()->SetUInt32(message, line, node.line());
}

}  // namespace

absl::Status ReadMessage(const YamlNode& node, Message* message) {
  message->Clear();
  const auto& descriptor = *message->GetDescriptor();
  std::vector<std::string_view> allowed;
  allowed.reserve(static_cast<size_t>(descriptor.field_count()));
  for (int i = 0; i < descriptor.field_count(); ++i) allowed.push_back(descriptor.field(i)->name());
  const absl::StatusOr<YamlMap> map = node.AsMap(allowed);
  if (!map.ok()) return map.status();
  FillLine(node, message);
  for (const YamlMap::Entry& entry : map->entries()) {
    const FieldDescriptor& field = *descriptor.FindFieldByName(entry.key);
    if (const auto* oneof = field.real_containing_oneof();
        oneof != nullptr && message->GetReflection()->HasOneof(*message, oneof)) {
      return map->ErrorAt(
          entry, absl::StrCat("expected only one kind of ", oneof->name(), ", found a second"));
    }
    if (absl::Status s = ReadField(entry.value, field, message); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status ReadYamlInto(const std::string& path, Message* message) {
  const absl::StatusOr<YamlNode> node = YamlNode::Load(path);
  if (!node.ok()) return node.status();
  return ReadMessage(*node, message);
}

}  // namespace model
