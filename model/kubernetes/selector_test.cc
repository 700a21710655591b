#include "model/kubernetes/selector.h"

#include <gtest/gtest.h>

namespace model::kubernetes {
namespace {

bool Matches(const std::string& selector, const Labels& labels) {
  const auto documents = ParseDocuments(selector, "f");
  EXPECT_TRUE(documents.ok()) << documents.status();
  return SelectorMatches(documents->front(), labels);
}

TEST(Selector, Labels) {
  EXPECT_TRUE(Matches("{matchLabels: {a: b}}", {{"a", "b"}, {"c", "d"}}));
  EXPECT_FALSE(Matches("{matchLabels: {a: b}}", {{"a", "c"}}));
  EXPECT_FALSE(Matches("{matchLabels: {a: b, c: d}}", {{"a", "b"}}));
}

TEST(Selector, Expressions) {
  const Labels labels = {{"a", "b"}};
  EXPECT_TRUE(Matches("{matchExpressions: [{key: a, operator: In, values: [x, b]}]}", labels));
  EXPECT_FALSE(Matches("{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}", labels));
  EXPECT_TRUE(Matches("{matchExpressions: [{key: z, operator: NotIn, values: [b]}]}", labels));
  EXPECT_TRUE(Matches("{matchExpressions: [{key: a, operator: Exists}]}", labels));
  EXPECT_TRUE(Matches("{matchExpressions: [{key: z, operator: DoesNotExist}]}", labels));
  EXPECT_FALSE(Matches("{matchExpressions: [{key: a, operator: Like, values: [b]}]}", labels));
}

TEST(Selector, EmptyMatchesEverything) {
  EXPECT_TRUE(SelectorMatches(Node{}, {{"a", "b"}}));
  EXPECT_EQ(SelectorText(Node{}), "everything");
}

}  // namespace
}  // namespace model::kubernetes
