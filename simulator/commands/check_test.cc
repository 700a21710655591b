#include "simulator/commands/check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace simulator {
namespace {

class CheckCommand : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = (std::filesystem::path(testing::TempDir()) / name).string();
    std::ofstream(path) << text;
    return path;
  }
  const std::string clean_ =
      Write("clean.yaml", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}\n");
  const std::string wrong_ =
      Write("wrong.yaml",
            "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: kubernetes.io/tls}\n");
  const std::string broken_ = Write("broken.yaml", "apiVersion: [\n");
};

TEST_F(CheckCommand, ExitCodeSaysWhatWasFound) {
  EXPECT_EQ(RunCheck({clean_}), 0);
  EXPECT_EQ(RunCheck({wrong_}), 1);
  EXPECT_EQ(RunCheck({wrong_, "--format=github"}), 1);
  EXPECT_EQ(RunCheck({wrong_, "--format", "json"}), 1);
}

TEST_F(CheckCommand, BadUsageAndInputAreTwo) {
  EXPECT_EQ(RunCheck({}), 2);
  EXPECT_EQ(RunCheck({broken_}), 2);
  EXPECT_EQ(RunCheck({"/nowhere"}), 2);
  EXPECT_EQ(RunCheck({clean_, "--format", "xml"}), 2);
  EXPECT_EQ(RunCheck({clean_, "--formt=json"}), 2);
  EXPECT_EQ(RunCheck({clean_, "--out", "/nowhere/at/all"}), 2);
}

TEST_F(CheckCommand, WritesTheReportToAFile) {
  const std::string out = (std::filesystem::path(testing::TempDir()) / "check.json").string();
  EXPECT_EQ(RunCheck({wrong_, "--format", "json", "--out", out}), 1);
  std::ifstream file(out);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_NE(text.find("secret-tls-empty"), std::string::npos);
}

TEST_F(CheckCommand, ListsItsRules) { EXPECT_EQ(RunCheck({"--rules"}), 0); }

}  // namespace
}  // namespace simulator
