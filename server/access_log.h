#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/unique_fd.h"

// AccessLog: one JSON line for each request that reached a route of the API, and for each 5xx.
//
//   {"t":"2026-01-31T09:30:00.123Z","id":REQUEST_ID,"op":OPERATION,"status":200,"us":1234,
//    "user":UUID,"clinic":UUID,"worker":0}
//
// No paths, bodies or names: a line holds no PHI but the actor's own id. Lines are gathered and
// written at kFlushBytes or by Flush (once a second); what a killed worker had gathered is lost,
// which is why audit records go elsewhere. The file is renamed to FILE.1 at kRotateBytes, so that
// two files bound the space. Thread: the loop's.

namespace server {

class AccessLog {
 public:
  static constexpr size_t kFlushBytes = 64 * 1024;
  static constexpr int64_t kRotateBytes = 64 * 1024 * 1024;

  struct Entry {
    std::string_view time;
    std::string_view request_id;
    std::string_view operation;
    int status;
    int64_t latency_us;
    std::string_view user_id;
    std::string_view clinic_id;
  };

  explicit AccessLog(int worker) : worker_(worker) {}
  ~AccessLog() { Flush(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Appends to the file from now on.
  absl::Status Open(const std::string& path);
  void Add(const Entry& entry);
  void Flush();

 private:
  int worker_;
  std::string path_;
  base::UniqueFd file_;
  int64_t file_bytes_ = 0;
  std::string lines_;
};

}  // namespace server
