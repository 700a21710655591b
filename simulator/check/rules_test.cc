#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "model/kubernetes/deployment_loader.h"
#include "simulator/check/check.h"
#include "simulator/check/mutations.h"
#include "simulator/check/rule.h"

namespace simulator {
namespace {

std::string CleanText() {
  std::ifstream file("simulator/check/testdata/clean.yaml");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

model::CheckReport CheckText(const std::string& text) {
  absl::StatusOr<model::kubernetes::Manifests> manifests =
      model::kubernetes::ParseManifests(text, "clean.yaml");
  EXPECT_TRUE(manifests.ok()) << manifests.status();
  if (!manifests.ok()) return {};
  model::kubernetes::Loaded loaded;
  loaded.deployment = model::kubernetes::DeriveDeployment(*manifests, "clean");
  loaded.manifests = *std::move(manifests);
  return Check(loaded);
}

std::set<std::string> RulesFound(const model::CheckReport& report) {
  std::set<std::string> rules;
  for (const model::Finding& finding : report.findings()) rules.insert(finding.rule());
  return rules;
}

TEST(Rules, FindNothingInACleanDeployment) {
  const model::CheckReport report = CheckText(CleanText());
  EXPECT_EQ(report.findings_size(), 0) << report.DebugString();
  const auto stated_only = std::count_if(check::AllRules().begin(), check::AllRules().end(),
                                         [](const check::Rule& rule) { return !rule.run; });
  EXPECT_EQ(report.rules_run_size(), static_cast<int>(check::AllRules().size()) - stated_only);
  EXPECT_EQ(report.ignored_objects_size(), 0);
}

class MutationTest : public testing::TestWithParam<check::Mutation> {};

TEST_P(MutationTest, MakesTheRuleSpeak) {
  const check::Mutation& mutation = GetParam();
  std::string text = CleanText();
  if (!mutation.find.empty()) {
    const size_t at = text.find(mutation.find);
    ASSERT_NE(at, std::string::npos) << mutation.find;
    text.replace(at, mutation.find.size(), mutation.replace);
  }
  const model::CheckReport report = CheckText(text + mutation.append);
  EXPECT_EQ(RulesFound(report).count(mutation.rule), 1u) << report.DebugString();
  for (const model::Finding& finding : report.findings()) {
    if (finding.rule() != mutation.rule) continue;
    EXPECT_EQ(finding.file(), "clean.yaml");
    EXPECT_GT(finding.line(), 0u);
    EXPECT_FALSE(finding.object().empty());
    EXPECT_FALSE(finding.message().empty());
    EXPECT_FALSE(finding.change().empty());
  }
}

std::string NameOf(const testing::TestParamInfo<check::Mutation>& info) {
  std::string name = info.param.rule;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, MutationTest, testing::ValuesIn(check::AllMutations()), NameOf);

TEST(Rules, EachHasAMutation) {
  std::set<std::string> covered = {"figures"};
  for (const check::Mutation& mutation : check::AllMutations()) covered.insert(mutation.rule);
  std::set<std::string> ids;
  for (const check::Rule& rule : check::AllRules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id << " is there twice";
    if (!rule.run) continue;  // only stated, never found
    EXPECT_EQ(covered.count(rule.id), 1u) << rule.id << " has no mutation";
  }
}

TEST(Rules, AreOnTheirPage) {
  std::ifstream file("docs/check.md");
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  for (const check::Rule& rule : check::AllRules()) {
    EXPECT_NE(page.find("`" + rule.id + "`"), std::string::npos) << rule.id;
  }
}

TEST(Rules, OrderOfDocumentsChangesNothing) {
  const std::string text = CleanText();
  std::vector<std::string> documents;
  size_t start = 0;
  for (size_t at; (at = text.find("\n---\n", start)) != std::string::npos; start = at + 5) {
    documents.push_back(text.substr(start, at - start));
  }
  documents.push_back(text.substr(start));
  std::string reversed;
  for (auto it = documents.rbegin(); it != documents.rend(); ++it) reversed += *it + "\n---\n";
  EXPECT_TRUE(RulesFound(CheckText(reversed)).empty());
}

TEST(Rules, AnAllowedFindingIsANote) {
  const model::CheckReport report = CheckText(
      "{apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: a, annotations: "
      "{simulator.praxis/allow: \"x, secret-tls-empty\"}}}");
  ASSERT_EQ(report.findings_size(), 1);
  EXPECT_EQ(report.findings(0).severity(), model::Finding::NOTE);
  EXPECT_EQ(Count(report).errors, 0);
}

TEST(Rules, SayTheArithmetic) {
  std::string text = CleanText();
  const std::string pool = "value: \"4\"";
  text.replace(text.find(pool), pool.size(), "value: \"5\"");
  const model::CheckReport report = CheckText(text);
  for (const model::Finding& finding : report.findings()) {
    EXPECT_EQ(finding.rule(), "connections-exceed-limit");
    EXPECT_EQ(finding.arithmetic(),
              "20 pods x 2 workers x 5 = 200 > 197 usable (200 - 3 for superusers)");
  }
}

}  // namespace
}  // namespace simulator
