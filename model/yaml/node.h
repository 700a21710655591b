#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace YAML {
class Node;
}

// YAML files that people write, read strictly: every value knows its line, duplicate and unknown
// keys are mistakes, and a mistake is one line "FILE:LINE: field: expected ..., found ...".
//
//   ASSIGN node = YamlNode::Load("scenarios/clinic_day.yaml");
//   ASSIGN map = node.AsMap({"name", "users"});        // other keys are errors
//   ASSIGN users = map.Require("users");
//   ASSIGN count = users.AsCount();
namespace model {

class YamlMap;

// A value in a file: a scalar, a list or a map. Cheap to copy; keeps the document alive.
class YamlNode {
 public:
  // One document. Errors: the file cannot be read, is not YAML, holds no or several documents, has
  // a duplicate key, or nests or repeats itself (by aliases) beyond all reason.
  static absl::StatusOr<YamlNode> Load(const std::string& path);
  // `name` stands for the file in errors.
  static absl::StatusOr<YamlNode> Parse(const std::string& text, const std::string& name);

  const std::string& file() const;
  uint32_t line() const { return line_; }            // 1-based
  const std::string& path() const { return path_; }  // "journeys[0].steps[2].request"

  // InvalidArgument "FILE:LINE: path: message".
  absl::Status Error(std::string_view message) const;

  bool IsScalar() const;
  bool IsList() const;
  bool IsMap() const;
  bool IsNull() const;          // nothing, ~ or null
  bool IsQuotedString() const;  // a scalar that was written in quotes or as a block

  // Scalars, converted by model/yaml/quantity.h.
  absl::StatusOr<std::string> AsString() const;  // any scalar but null; not empty
  absl::StatusOr<std::string> AsText() const;    // the same, may be "" when quoted
  absl::StatusOr<uint64_t> AsCount() const;
  absl::StatusOr<uint64_t> AsCount(uint64_t low, uint64_t high) const;
  absl::StatusOr<int64_t> AsInteger() const;
  absl::StatusOr<double> AsNumber() const;
  absl::StatusOr<double> AsFraction() const;  // 0..1
  absl::StatusOr<double> AsSeconds() const;   // a unit is required: 60s
  absl::StatusOr<bool> AsBool() const;
  // One of `choices`; the error lists them. Returns its position.
  absl::StatusOr<size_t> AsChoice(std::initializer_list<std::string_view> choices) const;

  absl::StatusOr<std::vector<YamlNode>> AsList() const;
  // A map with these keys and no others.
  absl::StatusOr<YamlMap> AsMap(const std::vector<std::string_view>& allowed) const;
  // A map with free keys, in the file's order.
  absl::StatusOr<YamlMap> AsMapOfAny() const;

  // The value as JSON text: plain scalars that are JSON numbers, true, false or null stay such,
  // everything else is a string. Keys keep the file's order.
  absl::StatusOr<std::string> ToJson() const;

 private:
  friend class YamlMap;
  YamlNode(std::shared_ptr<const std::string> file, const YAML::Node& node, uint32_t line,
           std::string path);

  absl::Status Expected(std::string_view what) const;
  std::string Found() const;
  template <typename T>
  absl::StatusOr<T> Scalar(std::string_view what,
                           absl::StatusOr<T> (*parse)(std::string_view)) const;
  absl::Status AppendJson(std::string* json) const;

  std::shared_ptr<const std::string> file_;
  std::shared_ptr<const YAML::Node> node_;  // yaml-cpp stays out of this header
  uint32_t line_;
  std::string path_;
};

// A map's entries. Obtained from a YamlNode.
class YamlMap {
 public:
  struct Entry {
    std::string key;
    uint32_t line;  // of the key
    YamlNode value;
  };
  const std::vector<Entry>& entries() const { return entries_; }
  const YamlNode& node() const { return node_; }

  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  const YamlNode* Find(std::string_view key) const;  // nullptr: not there
  absl::StatusOr<YamlNode> Require(std::string_view key) const;
  // Like YamlNode::Error but at the key's own line.
  absl::Status ErrorAt(const Entry& entry, std::string_view message) const;

 private:
  friend class YamlNode;
  YamlMap(YamlNode node, std::vector<Entry> entries)
      : node_(std::move(node)), entries_(std::move(entries)) {}

  YamlNode node_;
  std::vector<Entry> entries_;
};

}  // namespace model
