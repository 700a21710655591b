#pragma once

#include <string>
#include <vector>
#include "absl/strings/string_view.h"

#include "absl/status/statusor.h"

namespace model::kubernetes {

struct Entry;

// One value of a YAML or JSON document, with the line it stands on.
//
// A plain tree that owns its children. Looking up what is not there gives the null node, never an
// error, so that a rule may write node.At("spec.template.spec")["containers"] and get "nothing".
// Scalars stay text (`text`), because what a figure means depends on its field: "500m", "2", "50%".
struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  int line = 0;         // 1-based; of the key, when the value itself is empty; 0: not in the file
  bool quoted = false;  // "8088" is a string, 8088 a number
  std::string text;     // of a scalar
  std::vector<Node> items;
  std::vector<Entry> entries;  // of a map, in file order

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  bool IsSequence() const { return kind == Kind::kSequence; }
  bool IsMap() const { return kind == Kind::kMap; }

  // The value under `key`; the null node when this is no map or has no such key.
  const Node& operator[](absl::string_view key) const;
  // A path of keys joined by dots. Keys that contain a dot need operator[].
  const Node& At(absl::string_view path) const;
  bool Has(absl::string_view key) const;

  // The scalar's text, or `otherwise` when this is no scalar.
  std::string Text(absl::string_view otherwise = "") const;
  // The scalar as a whole number, or `otherwise` when it is none.
  long Integer(long otherwise) const;
  bool IsTrue() const { return IsScalar() && text == "true"; }
};

struct Entry {
  std::string key;
  int key_line = 0;
  Node value;
};

// Reads all documents of a YAML stream (JSON is YAML). Empty documents are left out. Errors name
// `file` and line: malformed YAML, a key given twice, a key that is no scalar, nesting deeper than
// 200, more than a million nodes (an alias counts with everything it stands for).
absl::StatusOr<std::vector<Node>> ParseDocuments(const std::string& text, const std::string& file);

}  // namespace model::kubernetes
