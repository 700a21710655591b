#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace base {

// An absolute path for what the user typed: relative paths count from BUILD_WORKING_DIRECTORY when
// set (`bazel run` starts programs elsewhere), otherwise from the current folder.
std::string ResolvePath(std::string_view path);

// Path of a file or binary that is a data dependency, by its path from the repository's root:
// Runfile("server/server") for //server. Looks into $RUNFILES_DIR, $TEST_SRCDIR, the runfiles
// beside or around this program, and the build output this program lies in. NotFound names it.
absl::StatusOr<std::string> Runfile(std::string_view path);

// Absolute path of this program's file, symbolic links resolved.
std::string ThisProgram();

// $TMPDIR or /tmp.
std::string TemporaryRoot();

// A new empty folder, mode 0700, under TemporaryRoot(): "<root>/<prefix>XXXXXX".
absl::StatusOr<std::string> MakeTemporaryFolder(std::string_view prefix);

// Deletes a folder with all it contains, when destroyed (in the process that made the object).
class FolderRemover {
 public:
  explicit FolderRemover(std::string path);
  ~FolderRemover();
  FolderRemover(const FolderRemover&) = delete;
  FolderRemover& operator=(const FolderRemover&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int owner_;
};

// Whole-file reading and (atomic, by rename) writing; errors name the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);
absl::Status WriteFile(const std::string& path, std::string_view content, int mode = 0644);

}  // namespace base
