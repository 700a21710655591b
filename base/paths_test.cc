#include "base/paths.h"

#include <cstdlib>
#include <filesystem>

#include "gtest/gtest.h"

namespace base {
namespace {

TEST(PathsTest, RelativePathsCountFromWhereTheUserTyped) {
  setenv("BUILD_WORKING_DIRECTORY", "/home/someone", 1);
  EXPECT_EQ(ResolvePath("out/./demo"), "/home/someone/out/demo");
  EXPECT_EQ(ResolvePath("/abs/x"), "/abs/x");
  unsetenv("BUILD_WORKING_DIRECTORY");
  EXPECT_EQ(ResolvePath("x"), (std::filesystem::current_path() / "x").string());
}

TEST(PathsTest, FilesRoundTripAndErrorsNameThePath) {
  auto folder = MakeTemporaryFolder("praxis-paths-");
  ASSERT_TRUE(folder.ok());
  {
    const FolderRemover remover(*folder);
    const std::string path = *folder + "/file";
    ASSERT_TRUE(WriteFile(path, "hello", 0600).ok());
    EXPECT_EQ(*ReadFile(path), "hello");
    const auto missing = ReadFile(*folder + "/none");
    EXPECT_TRUE(absl::IsNotFound(missing.status()));
    EXPECT_NE(missing.status().message().find("/none"), std::string::npos);
    EXPECT_FALSE(WriteFile(*folder + "/no/such/folder", "x").ok());
  }
  EXPECT_FALSE(std::filesystem::exists(*folder));
}

TEST(PathsTest, RunfilesAreFoundByTheirPathInTheRepository) {
  const auto found = Runfile("base/paths.h");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(std::filesystem::exists(*found));
  EXPECT_TRUE(absl::IsNotFound(Runfile("no/such").status()));
}

}  // namespace
}  // namespace base
