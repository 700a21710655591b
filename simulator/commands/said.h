#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace simulator {

// What a command ended with and printed.
struct Said {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs a command of //simulator in a test: `command(args)` gives its exit code.
template <typename Command>
Said Say(Command command, const std::vector<std::string>& args) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Said said;
  said.code = command(args);
  said.out = ::testing::internal::GetCapturedStdout();
  said.err = ::testing::internal::GetCapturedStderr();
  return said;
}

}  // namespace simulator
