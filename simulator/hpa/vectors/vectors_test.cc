// Every vector of the repository holds, and a wrong figure is noticed.

#include <cstdlib>

#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/parse.hpp"
#include "gtest/gtest.h"
#include "simulator/commands/arguments.h"
#include "simulator/hpa/vectors/run_vector.h"

namespace simulator::hpa {
namespace {

TEST(VectorsTest, AllHoldAndAWrongFigureFails) {
  auto document = ReadJsonFile("tests/vectors/hpa.json");
  ASSERT_TRUE(document.ok()) << document.status();
  int count = 0;
  for (const char* list : {"vectors", "derived_vectors"}) {
    for (boost::json::value vector : document->as_object().at(list).as_array()) {
      const VectorResult result = RunVector(vector, Options::Released());
      EXPECT_TRUE(result.passed) << result.id << " " << result.expected << " " << result.got;
      ++count;
      auto& expect = vector.as_object()["expect"].as_object();
      if (!expect.contains("replicas")) continue;
      expect["replicas"] = expect["replicas"].as_int64() + 1;
      EXPECT_FALSE(RunVector(vector, Options::Released()).passed) << result.id;
    }
  }
  EXPECT_EQ(count, 173);
}

TEST(VectorsTest, MistakesAreNamed) {
  const auto got = [](const char* text) {
    return RunVector(boost::json::parse(text), Options::Released()).got;
  };
  EXPECT_EQ(got(R"({"id":"a","kind":"nope","input":{},"expect":{}})"), "unknown kind 'nope'");
  EXPECT_EQ(got(R"({"id":"a","kind":"legacy_stabilize","input":{"recommendations":[{"value":"x"}],
                    "desired_replicas":1},"expect":{}})"),
            "vector.input.recommendations[0].value: expected an integer");
  EXPECT_EQ(got(R"({"id":"a","kind":"group_pods","requires":"magic","input":{},"expect":{}})"),
            "requires the unknown switch 'magic'");
}

}  // namespace
}  // namespace simulator::hpa
