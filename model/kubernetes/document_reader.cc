#include "model/kubernetes/document_reader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/kubernetes/quantity.h"

namespace model::kubernetes {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A field's place: in the message tree and in words.
struct Place {
  std::string path;
  std::string source;
};

class DocumentReader {
 public:
  DocumentReader(std::string file, Deployment* deployment)
      : file_(std::move(file)), deployment_(deployment) {}

  absl::Status ReadMessage(const Node& node, Message* message, const Place& outer) {
    if (!node.IsMap()) return Error(node, outer.path, "a map of fields");
    Place place = outer;
    place.source = node["source"].Text(outer.source);
    if (!node["source"].IsNull() && !place.path.empty()) Record(node, place);
    for (const Entry& entry : node.entries) {
      const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(entry.key);
      if (field == nullptr || field->is_map()) {
        if (entry.key == "source") continue;
        return Error(entry.value, entry.key, absl::StrCat("one of ", Names(*message)),
                     entry.key_line);
      }
      const Place inner{place.path.empty() ? entry.key : absl::StrCat(place.path, ".", entry.key),
                        place.source};
      absl::Status status = ReadField(entry.value, message, field, inner);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadField(const Node& node, Message* message, const FieldDescriptor* field,
                         Place place) {
    if (field->is_repeated()) return ReadList(node, message, field, place);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return ReadMessage(node, message->GetReflection()->MutableMessage(message, field), place);
    }
    const Node* value = &node;
    if (node.IsMap()) {
      if (!node.Has("value"))
        return Error(node, place.path, "a value, or {value: ..., source: ...}");
      value = &node["value"];
      place.source = node["source"].Text(place.source);
    }
    Record(node, place);
    return SetScalar(*value, message, field, place.path);
  }

  absl::Status ReadList(const Node& node, Message* message, const FieldDescriptor* field,
                        const Place& outer) {
    const Node* list = &node;
    Place place = outer;
    if (node.IsMap() && node["value"].IsSequence()) {
      list = &node["value"];
      place.source = node["source"].Text(outer.source);
      Record(node, place);
    }
    if (!list->IsSequence()) return Error(node, place.path, "a list");
    const auto* reflection = message->GetReflection();
    for (size_t i = 0; i < list->items.size(); ++i) {
      const Node& item = list->items[i];
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        if (!item.IsScalar()) return Error(item, place.path, "a plain value");
        reflection->AddString(message, field, item.text);
        continue;
      }
      const std::string name = item["name"].Text(item.At("name.value").Text(std::to_string(i)));
      const Place inner{absl::StrCat(place.path, ".", name), place.source};
      Record(item, inner);
      absl::Status status = ReadMessage(item, reflection->AddMessage(message, field), inner);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status SetScalar(const Node& value, Message* message, const FieldDescriptor* field,
                         const std::string& path) {
    const auto* reflection = message->GetReflection();
    if (!value.IsScalar()) return Error(value, path, "a plain value");
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        reflection->SetString(message, field, value.text);
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_BOOL:
        if (value.text != "true" && value.text != "false") break;
        reflection->SetBool(message, field, value.text == "true");
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        double number = 0;
        if (!absl::SimpleAtod(value.text, &number)) break;
        reflection->SetDouble(message, field, number);
        return absl::OkStatus();
      }
      default:
        return SetInteger(value, message, field, path);
    }
    return Error(value, path,
                 field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL ? "true or false" : "a number");
  }

  absl::Status SetInteger(const Node& value, Message* message, const FieldDescriptor* field,
                          const std::string& path) {
    const auto* reflection = message->GetReflection();
    int64_t number = 0;
    if (absl::EndsWith(field->name(), "_bytes")) {
      absl::StatusOr<int64_t> quantity = ParseQuantityUnits(value.text);
      if (!quantity.ok()) return Error(value, path, "bytes such as 2Gi");
      number = *quantity;
    } else if (!absl::SimpleAtoi(value.text, &number)) {
      return Error(value, path, "a whole number");
    }
    const bool is_signed = field->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
                           field->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
    const bool is_wide = field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64 ||
                         field->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
    if ((!is_signed && number < 0) || (!is_wide && (number > 2'000'000'000 || number < -1))) {
      return Error(value, path, "a whole number in range");
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection->SetUInt32(message, field, static_cast<uint32_t>(number));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection->SetUInt64(message, field, static_cast<uint64_t>(number));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(message, field, static_cast<int32_t>(number));
        break;
      default:
        reflection->SetInt64(message, field, number);
    }
    return absl::OkStatus();
  }

  void Record(const Node& node, const Place& place) {
    Origin& origin = (*deployment_->mutable_origins())[place.path];
    origin.set_file(file_);
    origin.set_line(static_cast<uint32_t>(node.line));
    origin.set_field(place.path);
    origin.set_object(absl::StrCat("deployment/", deployment_->name()));
    if (!place.source.empty()) origin.set_source(place.source);
  }

  absl::Status Error(const Node& node, absl::string_view field, absl::string_view expected,
                     int line = 0) {
    return absl::InvalidArgumentError(absl::StrCat(file_, ":", line != 0 ? line : node.line, ": `",
                                                   field, "`: expected ", expected));
  }

  static std::string Names(const Message& message) {
    std::vector<std::string> names;
    const Descriptor* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      if (!descriptor->field(i)->is_map()) names.push_back(descriptor->field(i)->name());
    }
    return absl::StrJoin(names, ", ");
  }

  const std::string file_;
  Deployment* const deployment_;
};

}  // namespace

absl::StatusOr<Deployment> ReadDeploymentDocument(const Node& document, const std::string& file) {
  for (const Entry& entry : document.entries) {
    if (entry.key != "deployment") {
      return absl::InvalidArgumentError(absl::StrCat(file, ":", entry.key_line, ": `", entry.key,
                                                     "`: expected only the key deployment"));
    }
  }
  Deployment deployment;
  const Node& body = document["deployment"];
  deployment.set_name(body["name"].Text());
  DocumentReader reader(file, &deployment);
  absl::Status status = reader.ReadMessage(body, &deployment, {});
  if (!status.ok()) return status;
  if (deployment.name().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":", body.line, ": `name`: expected the deployment's name"));
  }
  return deployment;
}

}  // namespace model::kubernetes
