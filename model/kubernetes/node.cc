#include "model/kubernetes/node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace model::kubernetes {
namespace {

constexpr size_t kMaxDepth = 200;
constexpr size_t kMaxNodes = 1'000'000;

struct DocumentError : std::runtime_error {
  DocumentError(int line, const std::string& text) : std::runtime_error(text), line(line) {}
  int line;
};

size_t CountNodes(const Node& node) {
  size_t count = 1;
  for (const Node& item : node.items) count += CountNodes(item);
  for (const Entry& entry : node.entries) count += CountNodes(entry.value);
  return count;
}

size_t DepthOf(const Node& node) {
  size_t deepest = 0;
  for (const Node& item : node.items) deepest = std::max(deepest, DepthOf(item));
  for (const Entry& entry : node.entries) deepest = std::max(deepest, DepthOf(entry.value));
  return deepest + 1;
}

// Builds Node trees from the parser's events: unlike YAML::Node, events show a key given twice.
class Builder : public YAML::EventHandler {
 public:
  std::vector<Node> TakeDocuments() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark&) override {
    stack_.clear();
    anchors_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.line = Line(mark);
    Add(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw DocumentError(Line(mark), "an alias that stands inside its own anchor");
    }
    nodes_ += CountNodes(found->second);
    if (stack_.size() + DepthOf(found->second) > kMaxDepth) {
      throw DocumentError(Line(mark), "nested deeper than 200 levels");
    }
    Node copy = found->second;
    Add(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.line = Line(mark);
    node.quoted = tag == "!";
    node.text = value;
    const bool is_null = !node.quoted && (value == "null" || value == "~" || value.empty());
    node.kind = is_null ? Node::Kind::kNull : Node::Kind::kScalar;
    Add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, Node::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    int key_line = 0;
  };

  static int Line(const YAML::Mark& mark) { return mark.line + 1; }

  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind) {
    if (!stack_.empty() && stack_.back().node.IsMap() && !stack_.back().has_key) {
      throw DocumentError(Line(mark), "a key must be a plain value, not a list or a map");
    }
    if (stack_.size() >= kMaxDepth) {
      throw DocumentError(Line(mark), "nested deeper than 200 levels");
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.line = Line(mark);
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
  }

  void Close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    ApplyMergeKey(frame.node);
    Add(std::move(frame.node), frame.anchor);
  }

  // `<<: *defaults`: what the map does not set itself comes from the merged map.
  static void ApplyMergeKey(Node& node) {
    for (size_t i = 0; i < node.entries.size(); ++i) {
      if (node.entries[i].key != "<<" || !node.entries[i].value.IsMap()) continue;
      const Node merged = std::move(node.entries[i].value);
      node.entries.erase(node.entries.begin() + static_cast<long>(i));
      for (const Entry& entry : merged.entries) {
        if (!node.Has(entry.key)) node.entries.push_back(entry);
      }
      return;
    }
  }

  void Add(Node node, YAML::anchor_t anchor) {
    if (++nodes_ > kMaxNodes) throw DocumentError(node.line, "more than a million values");
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      if (!node.IsNull()) documents_.push_back(std::move(node));
      return;
    }
    Frame& top = stack_.back();
    if (top.node.IsSequence()) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      SetKey(top, node);
    } else {
      // An empty value's mark is where the next token stands.
      if (node.IsNull() || node.line < top.key_line) node.line = top.key_line;
      top.node.entries.push_back({std::move(top.key), top.key_line, std::move(node)});
      top.has_key = false;
    }
  }

  static void SetKey(Frame& frame, const Node& key) {
    for (const Entry& entry : frame.node.entries) {
      if (entry.key == key.text) {
        throw DocumentError(key.line,
                            absl::StrCat("key `", key.text, "` is given twice (first on line ",
                                         entry.key_line, ")"));
      }
    }
    frame.has_key = true;
    frame.key = key.text;
    frame.key_line = key.line;
  }

  std::vector<Node> documents_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  size_t nodes_ = 0;
};

const Node& NullNode() {
  static const Node* const kNull = new Node();
  return *kNull;
}

std::string Hint(const std::string& text) {
  if (text.find("{{") == std::string::npos) return "";
  return "; this looks like a template: render it first (helm template ... | simulator check -)";
}

}  // namespace

const Node& Node::operator[](absl::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return entry.value;
  }
  return NullNode();
}

const Node& Node::At(absl::string_view path) const {
  const Node* node = this;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    node = &(*node)[path.substr(0, dot)];
    if (dot == absl::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  return *node;
}

bool Node::Has(absl::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return true;
  }
  return false;
}

std::string Node::Text(absl::string_view otherwise) const {
  return IsScalar() ? text : std::string(otherwise);
}

long Node::Integer(long otherwise) const {
  int64_t value = 0;
  return IsScalar() && absl::SimpleAtoi(text, &value) ? static_cast<long>(value) : otherwise;
}

absl::StatusOr<std::vector<Node>> ParseDocuments(const std::string& text, const std::string& file) {
  Builder builder;
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const DocumentError& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":", error.line, ": ", error.what(), Hint(text)));
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 1 : error.mark.line + 1;
    return absl::InvalidArgumentError(absl::StrCat(
        file, ":", line, ": not valid YAML: ", absl::Utf8SafeCEscape(error.msg), Hint(text)));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(file, ":1: not valid YAML: ", error.what()));
  }
  return builder.TakeDocuments();
}

}  // namespace model::kubernetes
