#include "simulator/backtest/prediction_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "model/io.h"

namespace simulator {
namespace {

constexpr std::string_view kChainMember = ",\"chain\":\"";
constexpr size_t kHexDigits = 64;
// What stands behind the body: ,"chain":"<64 digits>"}
constexpr size_t kTail = kChainMember.size() + kHexDigits + 2;

std::string Chain(std::string_view previous, std::string_view body) {
  return model::Sha256Hex(std::string(previous) + std::string(body));
}

absl::Status Broken(const std::string& path, uint64_t line, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, ":", line, ": ", what));
}

absl::StatusOr<LogRecord> ParseLine(std::string_view line, const std::string& path, uint64_t number,
                                    std::string* head) {
  if (line.size() <= kTail ||
      line.substr(line.size() - kTail, kChainMember.size()) != kChainMember) {
    return Broken(path, number,
                  "not a record of a prediction log: expected a JSON object that ends with "
                  "\"chain\"");
  }
  const std::string body = std::string(line.substr(0, line.size() - kTail)) + "}";
  const std::string_view found = line.substr(line.size() - kHexDigits - 2, kHexDigits);
  const std::string expected = Chain(*head, body);
  if (found != expected) {
    return Broken(path, number,
                  absl::StrCat("the log was tampered with: this line, or the one before it, is not "
                               "what was written (chain ",
                               std::string(found.substr(0, 12)), "..., expected ",
                               expected.substr(0, 12), "...)"));
  }
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(body, error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  const boost::json::value* kind = object == nullptr ? nullptr : object->if_contains("kind");
  if (kind == nullptr || !kind->is_string()) {
    return Broken(path, number, "expected a JSON object with a string \"kind\"");
  }
  *head = expected;
  return LogRecord{number, std::string(kind->as_string()), *object};
}

absl::StatusOr<PredictionLog> Parse(const std::string& text, const std::string& path) {
  PredictionLog log;
  log.path = path;
  log.head = std::string(kHexDigits, '0');
  uint64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    ++number;
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) {
      return Broken(path, number, "the last line is torn: it does not end with a line feed");
    }
    auto record =
        ParseLine(std::string_view(text).substr(begin, end - begin), path, number, &log.head);
    if (!record.ok()) return record.status();
    log.records.push_back(*std::move(record));
    begin = end + 1;
  }
  return log;
}

absl::Status Durable(const std::string& folder) {
  const base::UniqueFd fd(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY));
  return fsync(fd.get()) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, folder);
}

absl::Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PredictionLog> ReadPredictionLog(const std::string& path) {
  const auto text = model::ReadFile(path);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::StatusOr<std::string> AppendRecord(
    const std::string& path,
    const std::function<absl::Status(const PredictionLog&, boost::json::object*)>& fill) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty()) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": cannot make its folder: ", error.message()));
    }
  }
  const base::UniqueFd file(open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!file.valid()) return absl::ErrnoToStatus(errno, path);
  while (flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, path);
  }
  auto log = ReadPredictionLog(path);
  if (!log.ok()) return log.status();
  boost::json::object body;
  if (absl::Status status = fill(*log, &body); !status.ok()) return status;
  std::string text = boost::json::serialize(body);
  const std::string chain = Chain(log->head, text);
  text.pop_back();  // the closing brace
  absl::StrAppend(&text, std::string(kChainMember), chain, "\"}\n");
  if (absl::Status status = WriteAll(file.get(), text, path); !status.ok()) return status;
  if (fsync(file.get()) != 0) return absl::ErrnoToStatus(errno, path);
  if (absl::Status status = Durable(folder); !status.ok()) return status;
  return chain;
}

}  // namespace simulator
