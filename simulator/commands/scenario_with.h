#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "model/io.h"

namespace simulator {

// For tests: the scenario of simulator/engine/testdata with `users` in place of its model of users
// and stages, in a file NAME.yaml of the test's own.
inline std::string ScenarioWith(const std::string& name, const std::string& users) {
  const auto text = model::ReadFile("simulator/engine/testdata/scenario.yaml");
  EXPECT_TRUE(text.ok()) << text.status();
  const std::string closed = "model: closed\n  stages: [{ramp_to: 10000, over: 60s}, {hold: 120s}]";
  EXPECT_NE(text->find(closed), std::string::npos);
  std::string path = ::testing::TempDir() + "/" + name + ".yaml";
  EXPECT_TRUE(model::WriteFile(absl::StrReplaceAll(*text, {{closed, users}}), path).ok());
  return path;
}

}  // namespace simulator
