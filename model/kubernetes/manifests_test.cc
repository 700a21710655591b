#include "model/kubernetes/manifests.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "model/kubernetes/kustomize.h"

namespace model::kubernetes {
namespace {

namespace fs = std::filesystem;

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::path(testing::TempDir()) /
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  fs::path path_;
};

constexpr char kMap[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: n}\n";

TEST_F(Folder, IsReadRecursivelyInNameOrder) {
  Write("b.yaml", "# first line\n" + std::string(kMap));
  Write("a/deep.yml", kMap);
  Write("list.json",
        "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": "
        "\"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}}]}");
  Write("values.yaml", "replicas: 3\n");
  Write("notes.txt", "no manifest");
  const auto manifests = ReadManifests({path_.string()});
  ASSERT_TRUE(manifests.ok()) << manifests.status();
  ASSERT_EQ(manifests->objects.size(), 3u);
  EXPECT_EQ(manifests->objects[1].line, 2);
  EXPECT_EQ(manifests->objects[1].ns, "n");
  EXPECT_EQ(manifests->objects[2].Id(), "Service/s");
  EXPECT_EQ(manifests->notes.size(), 1u);
  EXPECT_EQ(manifests->digest.size(), 64u);
}

TEST_F(Folder, WithKustomizationIsRendered) {
  Write("kustomization.yaml", "resources: [m.yaml]\nnamePrefix: pre-\n");
  Write("m.yaml", kMap);
  const auto manifests = ReadManifests({path_.string()});
  ASSERT_TRUE(manifests.ok()) << manifests.status();
  ASSERT_EQ(manifests->objects.size(), 1u);
  if (absl::IsNotFound(RenderKustomization(path_.string()).status())) {
    EXPECT_EQ(manifests->notes.size(), 1u);
    GTEST_SKIP() << "no kustomize on this machine: read plainly";
  }
  EXPECT_EQ(manifests->objects[0].name, "pre-m");
}

TEST_F(Folder, WithBrokenKustomizationSaysWhatKustomizeSays) {
  Write("kustomization.yaml", "resources: [absent.yaml]\n");
  Write("m.yaml", kMap);
  if (absl::IsNotFound(RenderKustomization(path_.string()).status())) GTEST_SKIP();
  const auto manifests = ReadManifests({path_.string()});
  ASSERT_FALSE(manifests.ok());
  EXPECT_NE(manifests.status().message().find("absent.yaml"), std::string::npos);
}

TEST_F(Folder, WithoutManifestsIsRefused) {
  EXPECT_FALSE(ReadManifests({path_.string()}).ok());
  Write("a.yaml", "x: 1\n");
  EXPECT_FALSE(ReadManifests({path_.string()}).ok());
}

TEST_F(Folder, BrokenFileIsNamedWithItsLine) {
  Write("bad.yaml", "apiVersion: v1\nkind: [\n");
  const auto manifests = ReadManifests({path_.string()});
  ASSERT_FALSE(manifests.ok());
  EXPECT_NE(manifests.status().message().find("bad.yaml:"), std::string::npos);
}

TEST(Manifests, RefusesWhatIsNone) {
  EXPECT_FALSE(ReadManifests({"/nowhere/at/all"}).ok());
  const auto manifests = ParseManifests("a: 1\n", "f.yaml");
  ASSERT_FALSE(manifests.ok());
  EXPECT_EQ(manifests.status().message(),
            "f.yaml:1: no Kubernetes object (apiVersion, kind) and no `deployment:`");
}

TEST(Manifests, FindsWithinTheNamespace) {
  const auto manifests = ParseManifests(kMap, "f.yaml");
  ASSERT_TRUE(manifests.ok());
  Object other;
  other.ns = "elsewhere";
  EXPECT_EQ(manifests->Find("ConfigMap", "m", &other), nullptr);
  other.ns = "";
  EXPECT_NE(manifests->Find("ConfigMap", "m", &other), nullptr);
}

TEST(Pod, IsFoundInEveryKind) {
  for (const char* kind : {"Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"}) {
    const auto manifests = ParseManifests(
        std::string("{apiVersion: v1, kind: ") + kind +
            ", metadata: {name: a}, spec: {template: {metadata: {labels: {x: y}}, spec: {}}}}",
        "f");
    ASSERT_TRUE(manifests.ok());
    const auto pod = PodOf(manifests->objects[0]);
    ASSERT_TRUE(pod.has_value()) << kind;
    EXPECT_EQ(pod->labels.at("x"), "y");
  }
}

}  // namespace
}  // namespace model::kubernetes
