#include "server/access_log.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/http/serialize.h"

namespace server {

absl::Status AccessLog::Open(const std::string& path) {
  path_ = path;
  file_ = base::UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file_.valid()) {
    return absl::UnavailableError(absl::StrCat(path, ": cannot open: ", strerror(errno)));
  }
  struct stat status {};
  file_bytes_ = fstat(file_.get(), &status) == 0 ? status.st_size : 0;
  return absl::OkStatus();
}

void AccessLog::Add(const Entry& entry) {
  if (!file_.valid()) return;
  auto text = [this](std::string_view name, std::string_view value) {
    lines_.append(name);
    lines_.append("\":\"");
    AppendJsonEscaped(value, &lines_);
    lines_.append("\",\"");
  };
  lines_.append("{\"");
  text("t", entry.time);
  text("id", entry.request_id);
  text("op", entry.operation);
  if (!entry.user_id.empty()) text("user", entry.user_id);
  if (!entry.clinic_id.empty()) text("clinic", entry.clinic_id);
  absl::StrAppend(&lines_, "status\":", entry.status, ",\"us\":", entry.latency_us,
                  ",\"worker\":", worker_, "}\n");
  if (lines_.size() >= kFlushBytes) Flush();
}

void AccessLog::Flush() {
  if (lines_.empty() || !file_.valid()) return;
  size_t done = 0;
  while (done < lines_.size()) {
    const ssize_t wrote = write(file_.get(), lines_.data() + done, lines_.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      LOG_EVERY_N(WARNING, 100) << path_ << ": cannot write: " << strerror(errno);
      break;
    }
    done += static_cast<size_t>(wrote);
  }
  file_bytes_ += static_cast<int64_t>(done);
  lines_.clear();
  if (file_bytes_ < kRotateBytes) return;
  if (rename(path_.c_str(), (path_ + ".1").c_str()) == 0) {
    if (absl::Status status = Open(path_); !status.ok()) LOG(ERROR) << status.message();
  }
}

}  // namespace server
