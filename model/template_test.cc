#include "model/template.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace model {
namespace {

using ::testing::ElementsAre;

std::string Expanded(std::string_view text, Template::Escape escape = Template::Escape::kNone) {
  const std::map<std::string, std::string> values = {
      {"a", "1"}, {"doctor.id", "d-7"}, {"odd", "x\"\\\n /é"}};
  const absl::StatusOr<Template> compiled = Template::Compile(text, escape);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  std::string out = "> ";
  const bool complete = compiled->Expand(
      [&](size_t i) -> std::string_view {
        const auto found = values.find(compiled->variables()[i]);
        return found == values.end() ? std::string_view() : std::string_view(found->second);
      },
      &out);
  return complete ? out : "incomplete " + out;
}

TEST(Template, Expands) {
  EXPECT_EQ(Expanded(""), "> ");
  EXPECT_EQ(Expanded("plain $5 $ {}"), "> plain $5 $ {}");
  EXPECT_EQ(Expanded("${a}"), "> 1");
  EXPECT_EQ(Expanded("/x/${doctor.id}/y?${a}${a}"), "> /x/d-7/y?11");
  EXPECT_EQ(Expanded("$${a} ${a}"), "> ${a} 1");
}

TEST(Template, EscapesValuesOnly) {
  EXPECT_EQ(Expanded("{\"k\": \"${odd}\"}", Template::Escape::kJson),
            "> {\"k\": \"x\\\"\\\\\\u000A /é\"}");
  EXPECT_EQ(Expanded("/a b/${odd}", Template::Escape::kUrl), "> /a b/x%22%5C%0A%20%2F%C3%A9");
}

TEST(Template, MissingValueLeavesTheBufferAlone) {
  EXPECT_EQ(Expanded("x${a}${nobody}"), "incomplete > ");
}

TEST(Template, ListsVariablesOnce) {
  EXPECT_THAT(Template::Compile("${b}${a}${b}")->variables(), ElementsAre("b", "a"));
  EXPECT_TRUE(Template::Compile("x")->IsConstant());
}

TEST(Template, RefusesBrokenOnes) {
  EXPECT_EQ(Template::Compile("ab${c").status().message(), "expected } for the ${ at character 3");
  for (const char* bad : {"${}", "${a b}", "${.a}", "${a.}", "${a..b}", "${a-b}"}) {
    EXPECT_FALSE(Template::Compile(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace model
