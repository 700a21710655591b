#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

// Files of the contract: messages as JSON, texts, digests. Every error names the file first:
// "out/result.json: cannot open: No such file or directory".
namespace model {

// A whole file. NotFound, PermissionDenied or FailedPrecondition (a folder, too large).
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes beside `path` and renames, so that a reader sees the old file or the whole new one. Makes
// missing folders.
absl::Status WriteFile(std::string_view content, const std::string& path);

// protobuf's JSON mapping with the fields' own (snake_case) names: 64-bit integers are strings, not
// a number is "NaN", default values are written too (a reader sees `"passed": false`).
// Byte-identical for equal messages: maps are sorted by key.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);
absl::Status WriteJson(const google::protobuf::Message& message, const std::string& path);

// Unknown fields are errors: a file of another version is not half understood. `name` stands in
// errors for the file.
absl::Status ParseJson(std::string_view json, std::string_view name,
                       google::protobuf::Message* message);
absl::Status ReadJsonInto(const std::string& path, google::protobuf::Message* message);

template <typename Message>
absl::StatusOr<Message> ReadJson(const std::string& path) {
  Message message;
  if (absl::Status status = ReadJsonInto(path, &message); !status.ok()) return status;
  return message;
}

// SHA-256 in lower-case hex: what `digest` fields hold.
std::string Sha256Hex(std::string_view bytes);
absl::StatusOr<std::string> Sha256OfFile(const std::string& path);

}  // namespace model
