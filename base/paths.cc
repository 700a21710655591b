#include "base/paths.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"

namespace base {
namespace {

namespace fs = std::filesystem;

constexpr char kWorkspace[] = "praxis";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::Status FileError(std::string_view what, const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat(std::string(what), " ", path));
}

// Where runfiles may start; each holds the workspace's files.
std::vector<fs::path> RunfilesRoots() {
  std::vector<fs::path> roots;
  for (const char* name : {"RUNFILES_DIR", "TEST_SRCDIR"}) {
    if (const std::string root = Environment(name); !root.empty()) {
      roots.push_back(fs::path(root) / kWorkspace);
    }
  }
  const fs::path program = ThisProgram();
  roots.push_back(program.string() + ".runfiles/" + kWorkspace);
  for (fs::path folder = program.parent_path(); folder != folder.parent_path();
       folder = folder.parent_path()) {
    if (folder.extension() == ".runfiles") roots.push_back(folder / kWorkspace);
    roots.push_back(folder);  // bazel-out/.../bin, when the program lies in it.
  }
  return roots;
}

}  // namespace

std::string ResolvePath(std::string_view path) {
  fs::path typed = fs::path(std::string(path));
  if (typed.is_relative()) {
    const std::string typed_in = Environment("BUILD_WORKING_DIRECTORY");
    std::error_code ignored;
    typed = (typed_in.empty() ? fs::current_path(ignored) : fs::path(typed_in)) / typed;
  }
  return typed.lexically_normal().string();
}

absl::StatusOr<std::string> Runfile(std::string_view path) {
  for (const fs::path& root : RunfilesRoots()) {
    const fs::path candidate = root / std::string(path);
    std::error_code error;
    if (fs::exists(candidate, error) && !fs::is_directory(candidate, error)) {
      return fs::absolute(candidate).lexically_normal().string();
    }
  }
  return absl::NotFoundError(absl::StrCat("cannot find ", std::string(path), " beside ",
                                          ThisProgram(), "; start it through ./tools/bazel run"));
}

std::string ThisProgram() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

std::string TemporaryRoot() {
  const std::string root = Environment("TMPDIR");
  return root.empty() ? "/tmp" : root;
}

absl::StatusOr<std::string> MakeTemporaryFolder(std::string_view prefix) {
  std::string path = absl::StrCat(TemporaryRoot(), "/", std::string(prefix), "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return FileError("cannot create folder", path, errno);
  return path;
}

FolderRemover::FolderRemover(std::string path) : path_(std::move(path)), owner_(getpid()) {}

FolderRemover::~FolderRemover() {
  if (getpid() != owner_) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return FileError("cannot read", path, errno);
  std::string content;
  char buffer[65536];
  while (true) {
    const ssize_t n = read(fd.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("cannot read", path, errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
  }
}

absl::Status WriteFile(const std::string& path, std::string_view content, int mode) {
  const std::string draft = absl::StrCat(path, ".", getpid(), ".tmp");
  UniqueFd fd(open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd.valid()) return FileError("cannot write", path, errno);
  size_t written = 0;
  while (written < content.size()) {
    const ssize_t n = write(fd.get(), content.data() + written, content.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      unlink(draft.c_str());
      return FileError("cannot write", path, error);
    }
    written += static_cast<size_t>(n);
  }
  fd.Reset();
  if (rename(draft.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(draft.c_str());
    return FileError("cannot write", path, error);
  }
  return absl::OkStatus();
}

}  // namespace base
