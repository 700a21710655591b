#include "model/kubernetes/node.h"

#include <gtest/gtest.h>

#include <random>

namespace model::kubernetes {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto documents = ParseDocuments(text, "f.yaml");
  return documents.ok() ? "" : std::string(documents.status().message());
}

TEST(Node, KnowsLinesOfKeysAndValues) {
  const auto documents =
      ParseDocuments("a:\n  b: 1\n  empty:\n  c: [x, y]\n---\nz: {k: \"7\"}\n", "f");
  ASSERT_TRUE(documents.ok()) << documents.status();
  ASSERT_EQ(documents->size(), 2u);
  const Node& a = documents->front()["a"];
  EXPECT_EQ(a["b"].line, 2);
  EXPECT_EQ(a["empty"].line, 3) << "an empty value stands where its key does";
  EXPECT_TRUE(a["empty"].IsNull());
  EXPECT_EQ(a["c"].items[1].text, "y");
  EXPECT_EQ((*documents)[1].At("z.k").line, 6);
  EXPECT_TRUE((*documents)[1].At("z.k").quoted);
}

TEST(Node, WhatIsNotThereIsNull) {
  const auto documents = ParseDocuments("a: 1", "f");
  ASSERT_TRUE(documents.ok());
  EXPECT_TRUE(documents->front().At("x.y.z").IsNull());
  EXPECT_EQ(documents->front().At("a.b").Text("none"), "none");
  EXPECT_EQ(documents->front()["a"].Integer(0), 1);
}

TEST(Node, ReadsJson) {
  const auto documents =
      ParseDocuments("{\"kind\": \"List\",\n \"items\": [{\"n\": 3}]}", "f.json");
  ASSERT_TRUE(documents.ok()) << documents.status();
  EXPECT_EQ(documents->front()["items"].items[0]["n"].Integer(0), 3);
}

TEST(Node, AliasesAndMergeKeys) {
  const auto documents =
      ParseDocuments("base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\nsame: *b\n", "f");
  ASSERT_TRUE(documents.ok()) << documents.status();
  EXPECT_EQ(documents->front().At("more.x").text, "1");
  EXPECT_EQ(documents->front().At("more.y").text, "3");
  EXPECT_EQ(documents->front().At("same.y").text, "2");
}

TEST(Node, RefusesAKeyGivenTwice) {
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\na: 3\n"), "f.yaml:3: key `a` is given twice (first on line 1)");
}

TEST(Node, RefusesBrokenYamlWithItsLine) {
  EXPECT_EQ(ErrorOf("a: 1\nb: [1, 2\nc: 3\n").substr(0, 7), "f.yaml:");
  EXPECT_NE(ErrorOf("a: 1\n\t- b\n"), "");
  EXPECT_NE(ErrorOf("a: {{ .Values.x }}\nb: [").find("helm template"), std::string::npos);
}

TEST(Node, RefusesAListAsKey) { EXPECT_NE(ErrorOf("? [a, b]\n: 1\n"), ""); }

TEST(Node, RefusesAliasThatContainsItself) { EXPECT_NE(ErrorOf("a: &x [*x]\n"), ""); }

TEST(Node, RefusesDeepNesting) {
  EXPECT_NE(ErrorOf(std::string(1000, '[')), "");
  EXPECT_NE(ErrorOf(std::string(300, '[') + std::string(300, ']')), "");
}

TEST(Node, RefusesABombOfAliases) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j ? ", *a" : "*a") + std::to_string(i - 1);
    text += "]\n";
  }
  EXPECT_NE(ErrorOf(text), "");
}

// Cuts and scrambles a manifest: whatever comes out is read or refused, nothing crashes.
TEST(Node, SurvivesScrambledInput) {
  const std::string text =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {x: \"y\"}}\nspec:\n"
      "  template:\n    spec:\n      containers:\n        - name: c\n          args: [\"--a=1\", "
      "|]\n"
      "          image: &i a:b\n      other: *i\n---\nkind: >\n  folded\n";
  std::mt19937 random(7);
  const std::string alphabet = "{}[]:,-&*!|>'\"%@`#?\n\t \\xA0\x80";
  for (int round = 0; round < 1000; ++round) {
    std::string changed = text.substr(0, random() % (text.size() + 1));
    for (int i = static_cast<int>(random() % 6); i > 0 && !changed.empty(); --i) {
      changed[random() % changed.size()] = alphabet[random() % alphabet.size()];
    }
    const auto documents = ParseDocuments(changed, "f.yaml");
    if (!documents.ok()) {
      EXPECT_EQ(documents.status().message().substr(0, 7), "f.yaml:");
    }
  }
}

}  // namespace
}  // namespace model::kubernetes
