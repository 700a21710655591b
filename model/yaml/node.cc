#include "model/yaml/node.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "boost/json.hpp"
#include "model/io.h"
#include "model/yaml/quantity.h"

namespace model {
namespace {

constexpr int kDeepest = 64;
// Aliases let a small file stand for a huge tree; every use of one counts.
constexpr size_t kMostNodes = 1'000'000;

uint32_t LineOf(const YAML::Node& node) { return static_cast<uint32_t>(node.Mark().line + 1); }

// The parser marks an empty value with the line of whatever follows, and a block map with its first
// entry's: for a person both begin at their key.
uint32_t LineOfValue(const YAML::Node& key, const YAML::Node& value) {
  return value.IsScalar() ? LineOf(value) : LineOf(key);
}

absl::Status At(const std::string& file, uint32_t line, const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat(file, ":", line, ": ", message));
}

// Duplicate keys (which yaml-cpp keeps silently), keys that are not scalars, runaway nesting.
absl::Status CheckTree(const std::string& file, const YAML::Node& node, int depth, size_t* nodes) {
  if (depth > kDeepest) {
    return At(file, LineOf(node),
              absl::StrCat("expected at most ", kDeepest, " levels of nesting"));
  }
  if (++*nodes > kMostNodes) {
    return At(
        file, LineOf(node),
        absl::StrCat("expected at most ", kMostNodes, " values, counting every use of an alias"));
  }
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) {
      if (absl::Status s = CheckTree(file, item, depth + 1, nodes); !s.ok()) return s;
    }
  }
  if (!node.IsMap()) return absl::OkStatus();
  std::map<std::string, uint32_t> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      return At(file, LineOf(entry.first), "expected a plain word as key");
    }
    const std::string& key = entry.first.Scalar();
    const auto [first, is_new] = seen.emplace(key, LineOf(entry.first));
    if (!is_new) {
      return At(file, LineOf(entry.first),
                absl::StrCat(key, ": duplicate key, first given in line ", first->second));
    }
    if (absl::Status s = CheckTree(file, entry.second, depth + 1, nodes); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// Whether a plain scalar is a number in JSON's grammar, which is stricter than any number parser's.
bool IsJsonNumber(std::string_view text) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  return !error && value.is_number();
}

}  // namespace

YamlNode::YamlNode(std::shared_ptr<const std::string> file, const YAML::Node& node, uint32_t line,
                   std::string path)
    : file_(std::move(file)),
      node_(std::make_shared<const YAML::Node>(node)),
      line_(line),
      path_(std::move(path)) {}

absl::StatusOr<YamlNode> YamlNode::Load(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::StatusOr<YamlNode> YamlNode::Parse(const std::string& text, const std::string& name) {
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(text);
  } catch (const YAML::Exception& error) {
    // A null mark (line -1) means that the parser does not know.
    const uint32_t line = error.mark.is_null() ? 1 : static_cast<uint32_t>(error.mark.line + 1);
    return At(name, line, absl::StrCat("not YAML: ", error.msg));
  }
  if (documents.empty() || documents[0].IsNull()) {
    return At(name, 1, "expected a YAML document, found nothing");
  }
  if (documents.size() > 1) {
    return At(name, LineOf(documents[1]), "expected one YAML document, found a second one");
  }
  size_t nodes = 0;
  if (absl::Status s = CheckTree(name, documents[0], 0, &nodes); !s.ok()) return s;
  return YamlNode(std::make_shared<const std::string>(name), documents[0], LineOf(documents[0]),
                  "");
}

const std::string& YamlNode::file() const { return *file_; }

absl::Status YamlNode::Error(std::string_view message) const {
  return At(*file_, line_, absl::StrCat(path_, path_.empty() ? "" : ": ", std::string(message)));
}

bool YamlNode::IsScalar() const { return node_->IsScalar() && !IsNull(); }
bool YamlNode::IsList() const { return node_->IsSequence(); }
bool YamlNode::IsMap() const { return node_->IsMap(); }
bool YamlNode::IsNull() const {
  if (node_->IsNull()) return true;
  if (!node_->IsScalar() || IsQuotedString()) return false;
  const std::string& text = node_->Scalar();
  return text.empty() || text == "~" || text == "null";
}
bool YamlNode::IsQuotedString() const { return node_->IsScalar() && node_->Tag() == "!"; }

std::string YamlNode::Found() const {
  if (IsNull()) return "nothing";
  if (IsList()) return "a list";
  if (IsMap()) return "a map";
  return absl::StrCat("\"", node_->Scalar(), "\"");
}

absl::Status YamlNode::Expected(std::string_view what) const {
  return Error(absl::StrCat("expected ", std::string(what), ", found ", Found()));
}

absl::StatusOr<std::string> YamlNode::AsText() const {
  if (!IsScalar()) return Expected("a text");
  return node_->Scalar();
}

absl::StatusOr<std::string> YamlNode::AsString() const {
  if (!IsScalar() || node_->Scalar().empty()) return Expected("a text");
  return node_->Scalar();
}

template <typename T>
absl::StatusOr<T> YamlNode::Scalar(std::string_view what,
                                   absl::StatusOr<T> (*parse)(std::string_view)) const {
  if (!IsScalar()) return Expected(what);
  absl::StatusOr<T> value = parse(node_->Scalar());
  if (!value.ok()) return Error(std::string(value.status().message()));
  return value;
}

absl::StatusOr<uint64_t> YamlNode::AsCount() const {
  return Scalar("a whole number of 0 or more", &ParseCount);
}

absl::StatusOr<uint64_t> YamlNode::AsCount(uint64_t low, uint64_t high) const {
  absl::StatusOr<uint64_t> count = AsCount();
  if (count.ok() && (*count < low || *count > high)) {
    return Expected(absl::StrCat("a whole number in ", low, "..", high));
  }
  return count;
}

absl::StatusOr<int64_t> YamlNode::AsInteger() const {
  return Scalar("a whole number", &ParseInteger);
}

absl::StatusOr<double> YamlNode::AsNumber() const { return Scalar("a number", &ParseNumber); }

absl::StatusOr<double> YamlNode::AsFraction() const {
  absl::StatusOr<double> value = Scalar("a fraction in 0..1", &ParseNumber);
  if (value.ok() && !(*value >= 0 && *value <= 1)) return Expected("a fraction in 0..1");
  return value;
}

absl::StatusOr<double> YamlNode::AsSeconds() const {
  return Scalar("a duration such as 250ms, 60s, 1m30s or 2h", &ParseSeconds);
}

absl::StatusOr<bool> YamlNode::AsBool() const { return Scalar("true or false", &ParseBool); }

absl::StatusOr<size_t> YamlNode::AsChoice(std::initializer_list<std::string_view> choices) const {
  if (IsScalar()) {
    const auto found = std::find(choices.begin(), choices.end(), node_->Scalar());
    if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
  }
  std::vector<std::string> names(choices.begin(), choices.end());
  return Expected(absl::StrCat(names.size() > 1 ? "one of " : "", absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::vector<YamlNode>> YamlNode::AsList() const {
  if (!IsList()) return Expected("a list");
  std::vector<YamlNode> items;
  for (const YAML::Node& item : *node_) {
    const size_t i = items.size();
    items.push_back(YamlNode(file_, item, item.IsNull() ? line_ : LineOf(item),
                             absl::StrCat(path_, "[", i, "]")));
  }
  return items;
}

absl::StatusOr<YamlMap> YamlNode::AsMapOfAny() const {
  if (!IsMap()) return Expected("a map");
  std::vector<YamlMap::Entry> entries;
  for (const auto& entry : *node_) {
    const std::string& key = entry.first.Scalar();
    YamlNode value(file_, entry.second, LineOfValue(entry.first, entry.second),
                   absl::StrCat(path_, path_.empty() ? "" : ".", key));
    entries.push_back(YamlMap::Entry{key, LineOf(entry.first), std::move(value)});
  }
  return YamlMap(*this, std::move(entries));
}

absl::StatusOr<YamlMap> YamlNode::AsMap(const std::vector<std::string_view>& allowed) const {
  const std::vector<std::string> names(allowed.begin(), allowed.end());
  if (!IsMap()) return Expected(absl::StrCat("a map with ", absl::StrJoin(names, ", ")));
  absl::StatusOr<YamlMap> map = AsMapOfAny();
  if (!map.ok()) return map;
  for (const YamlMap::Entry& entry : map->entries()) {
    if (std::find(allowed.begin(), allowed.end(), entry.key) == allowed.end()) {
      return map->ErrorAt(entry,
                          absl::StrCat("unknown key, expected ", names.size() > 1 ? "one of " : "",
                                       absl::StrJoin(names, ", ")));
    }
  }
  return map;
}

absl::StatusOr<std::string> YamlNode::ToJson() const {
  std::string json;
  if (absl::Status s = AppendJson(&json); !s.ok()) return s;
  return json;
}

absl::Status YamlNode::AppendJson(std::string* json) const {
  if (IsNull()) {
    json->append("null");
  } else if (IsScalar()) {
    const std::string& text = node_->Scalar();
    const bool literal =
        !IsQuotedString() && (text == "true" || text == "false" || IsJsonNumber(text));
    json->append(literal ? text : boost::json::serialize(boost::json::string(text)));
  } else if (IsList()) {
    const absl::StatusOr<std::vector<YamlNode>> items = AsList();
    json->push_back('[');
    for (size_t i = 0; i < items->size(); ++i) {
      if (i > 0) json->push_back(',');
      if (absl::Status s = (*items)[i].AppendJson(json); !s.ok()) return s;
    }
    json->push_back(']');
  } else {
    const absl::StatusOr<YamlMap> map = AsMapOfAny();
    if (!map.ok()) return map.status();
    json->push_back('{');
    for (const YamlMap::Entry& entry : map->entries()) {
      if (json->back() != '{') json->push_back(',');
      json->append(boost::json::serialize(boost::json::string(entry.key)));
      json->push_back(':');
      if (absl::Status s = entry.value.AppendJson(json); !s.ok()) return s;
    }
    json->push_back('}');
  }
  return absl::OkStatus();
}

const YamlNode* YamlMap::Find(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

absl::StatusOr<YamlNode> YamlMap::Require(std::string_view key) const {
  if (const YamlNode* node = Find(key)) return *node;
  return node_.Error(absl::StrCat("expected the key ", std::string(key), ", which is missing"));
}

absl::Status YamlMap::ErrorAt(const Entry& entry, std::string_view message) const {
  return At(node_.file(), entry.line, absl::StrCat(entry.value.path(), ": ", std::string(message)));
}

}  // namespace model
