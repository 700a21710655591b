#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "model/yaml/node.h"

// Reads any protobuf message from YAML by reflection: for messages whose YAML is the message itself
// (claims, budgets, deployments). A scenario has a syntax of its own (model/scenario_loader.h).
//
//   message field       YAML
//   foo_bar             key foo_bar, exactly; other keys are errors that list the allowed ones
//   string              any scalar ("" only in quotes)
//   double, float       a number; when the name ends in _seconds also a duration: 15s, 1m30s
//   (u)int32, (u)int64  a whole number; when it ends in _seconds also a duration of whole seconds;
//                       in _bytes also 16Gi, 512Mi; in millicores also 500m and "2 cores". A
//                       number without a unit is in the unit that the field's name says.
//   bool                true or false
//   enum                a value's name, upper or lower case; never the UNSPECIFIED one
//   message             a map
//   repeated            a list
//   map<string, T>      a map with free keys (numeric keys too)
//   oneof               at most one of its members
//
// A message's uint32 field named `line` that the file does not give is filled with the line where
// that message stands, so that later errors can point at it.
namespace model {

// Fills `message`, which is cleared first. Errors are YamlNode's: FILE:LINE: path: ...
absl::Status ReadMessage(const YamlNode& node, google::protobuf::Message* message);

// The whole of a file.
absl::Status ReadYamlInto(const std::string& path, google::protobuf::Message* message);

template <typename Message>
absl::StatusOr<Message> ReadYaml(const std::string& path) {
  Message message;
  if (absl::Status status = ReadYamlInto(path, &message); !status.ok()) return status;
  return message;
}

}  // namespace model
