#include "model/yaml/node.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace model {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

YamlNode Good(const std::string& text) {
  absl::StatusOr<YamlNode> node = YamlNode::Parse(text, "f.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  return *node;
}

std::string BadDocument(const std::string& text) {
  return ErrorOf(YamlNode::Parse(text, "f.yaml").status());
}

TEST(YamlNode, ReadsTypedValues) {
  const YamlNode root = Good("a: 12\nb: 0.5\nc: 1m30s\nd: hello\ne: [x, y]\nf: {g: true}\n");
  const YamlMap map = *root.AsMap({"a", "b", "c", "d", "e", "f"});
  EXPECT_EQ(*map.Find("a")->AsCount(), 12u);
  EXPECT_DOUBLE_EQ(*map.Find("b")->AsFraction(), 0.5);
  EXPECT_DOUBLE_EQ(*map.Find("c")->AsSeconds(), 90);
  EXPECT_EQ(*map.Find("d")->AsString(), "hello");
  EXPECT_EQ(map.Find("e")->AsList()->at(1).path(), "e[1]");
  EXPECT_TRUE(*map.Find("f")->AsMap({"g"})->Find("g")->AsBool());
  EXPECT_EQ(map.Find("z"), nullptr);
}

TEST(YamlNode, BrokenDocuments) {
  EXPECT_EQ(BadDocument("a: 1\nb: 2\na: 3\n"), "f.yaml:3: a: duplicate key, first given in line 1");
  EXPECT_EQ(BadDocument("x:\n  - {k: 1,\n     k: 2}\n"),
            "f.yaml:3: k: duplicate key, first given in line 2");
  EXPECT_THAT(BadDocument("a: [1, 2\nb: 3\n"), StartsWith("f.yaml:"));
  EXPECT_THAT(BadDocument("a: [1, 2\nb: 3\n"), HasSubstr("not YAML"));
  EXPECT_EQ(BadDocument(""), "f.yaml:1: expected a YAML document, found nothing");
  EXPECT_EQ(BadDocument("# only words\n"), "f.yaml:1: expected a YAML document, found nothing");
  EXPECT_EQ(BadDocument("a: 1\n---\nb: 2\n"),
            "f.yaml:3: expected one YAML document, found a second one");
  EXPECT_EQ(BadDocument("? [a, b]\n: 1\n"), "f.yaml:1: expected a plain word as key");
}

TEST(YamlNode, RunawayDocuments) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "[";
  for (int i = 0; i < 100; ++i) deep += "]";
  EXPECT_THAT(BadDocument(deep), HasSubstr("64 levels"));
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= 9; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_THAT(BadDocument(laughs), HasSubstr("alias"));
  EXPECT_THAT(BadDocument("a: &a [*a]\n"), HasSubstr("64 levels"));
}

TEST(YamlNode, WrongValuesNameLineAndExpectation) {
  const YamlNode root = Good(
      "count: 012\n"
      "empty:\n"
      "fraction: 1.5\n"
      "time: 60\n"
      "list: {a: 1}\n"
      "word: maybe\n");
  const YamlMap map = *root.AsMapOfAny();
  EXPECT_EQ(ErrorOf(map.Find("count")->AsCount().status()),
            "f.yaml:1: count: expected a whole number of 0 or more without a leading zero (which "
            "would make it octal), found \"012\"");
  EXPECT_EQ(ErrorOf(map.Find("empty")->AsString().status()),
            "f.yaml:2: empty: expected a text, found nothing");
  EXPECT_EQ(ErrorOf(map.Find("fraction")->AsFraction().status()),
            "f.yaml:3: fraction: expected a fraction in 0..1, found \"1.5\"");
  EXPECT_EQ(ErrorOf(map.Find("time")->AsSeconds().status()),
            "f.yaml:4: time: expected a duration such as 250ms, 60s, 1m30s or 2h, found \"60\"");
  EXPECT_EQ(ErrorOf(map.Find("list")->AsList().status()),
            "f.yaml:5: list: expected a list, found a map");
  EXPECT_EQ(ErrorOf(map.Find("word")->AsChoice({"yes", "no"}).status()),
            "f.yaml:6: word: expected one of yes, no, found \"maybe\"");
  EXPECT_EQ(ErrorOf(map.Find("word")->AsCount(1, 5).status()),
            "f.yaml:6: word: expected a whole number of 0 or more, found \"maybe\"");
}

TEST(YamlNode, UnknownAndMissingKeys) {
  const YamlNode root = Good("a: 1\n\nbee: 2\n");
  EXPECT_EQ(ErrorOf(root.AsMap({"a", "b"}).status()),
            "f.yaml:3: bee: unknown key, expected one of a, b");
  const YamlMap map = *root.AsMapOfAny();
  EXPECT_EQ(ErrorOf(map.Require("c").status()), "f.yaml:1: expected the key c, which is missing");
}

TEST(YamlNode, LoadNamesTheFile) {
  const absl::Status status = YamlNode::Load("/no/such.yaml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), StartsWith("/no/such.yaml: "));
}

TEST(YamlNode, ToJson) {
  const YamlNode root = Good(
      "{id: \"${user.id}\", n: 12, quoted: \"12\", t: true, z: null, l: [1.5, a\"b], e: {}, "
      "time: 09:30, v: 1.0.0}");
  EXPECT_EQ(*root.ToJson(),
            R"({"id":"${user.id}","n":12,"quoted":"12","t":true,"z":null,"l":[1.5,"a\"b"],)"
            R"("e":{},"time":"09:30","v":"1.0.0"})");
}

}  // namespace
}  // namespace model
