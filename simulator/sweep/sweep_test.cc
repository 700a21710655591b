#include "simulator/sweep/sweep.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/paths.h"
#include "base/subprocess.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "simulator/sweep/sweep_file.h"

namespace simulator {
namespace {

using absl::StrContains;

class SweepTest : public ::testing::Test {
 protected:
  SweepTest()
      : folder_(::testing::TempDir() + "/" +
                ::testing::UnitTest::GetInstance()->current_test_info()->name()),
        file_(folder_ + "/sweep.yaml") {
    std::filesystem::create_directories(folder_);
    for (const char* name : {"scenario.yaml", "deployment.yaml", "profile.json"}) {
      const auto text = model::ReadFile(std::string("simulator/engine/testdata/") + name);
      EXPECT_TRUE(text.ok() && model::WriteFile(*text, folder_ + "/" + name).ok());
    }
  }

  static std::string Inputs() {
    return "scenario: scenario.yaml\ndeployment: deployment.yaml\nprofile: profile.json\n";
  }
  absl::StatusOr<SweepPlan> Load(const std::string& yaml) const {
    EXPECT_TRUE(model::WriteFile(yaml, file_).ok());
    return LoadSweepFile(file_);
  }
  // Runs the simulator's program; its exit code.
  int Simulator(std::vector<std::string> args) {
    args.insert(args.begin(), *base::Runfile("simulator/simulator"));
    const auto output = base::RunCommand(args, absl::Seconds(60));
    EXPECT_TRUE(output.ok()) << output.status();
    out_ = output->out;
    err_ = output->err;
    return output->exit.code;
  }
  std::string Text(const std::string& name) const {
    const auto text = model::ReadFile(folder_ + "/" + name);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }

  const std::string folder_;
  const std::string file_;
  std::string out_;
  std::string err_;
};

constexpr char kGrid[] =
    "name: grid\n"
    "base: {ramp: 0s, duration: 6s, settle: 2s, replications: 3, step: 1s}\n"
    "axes:\n"
    "  users: [500, 2000]\n"
    "  pods: [2, 5]\n"
    "  cpu: [500m, 2]\n"
    "table: [p95_ms, throughput_per_second]\n";

TEST_F(SweepTest, ShardsMergeToTheBytesOfOneProcess) {
  ASSERT_TRUE(model::WriteFile(Inputs() + kGrid, file_).ok());
  ASSERT_EQ(Simulator({"sweep", file_, "--threads", "1", "--out", folder_ + "/one"}), 0) << err_;
  const std::string table = out_;
  EXPECT_TRUE(StrContains(table, "sweep grid: 8 points")) << table;
  ASSERT_EQ(Simulator({"sweep", file_, "--threads", "2", "--out", folder_ + "/two"}), 0) << err_;
  EXPECT_EQ(out_, table);
  std::vector<std::string> merge = {"sweep", "--merge"};
  for (int i : {2, 0, 4, 1, 3}) {  // 24 replications over 5 processes, in any order
    const std::string shard = absl::StrCat(i, "/5");
    ASSERT_EQ(Simulator({"sweep", file_, "--shard", shard, "--out", folder_}), 0) << err_;
    merge.push_back(absl::StrCat(folder_, "/shard-", i, "-of-5.json"));
  }
  merge.insert(merge.end(), {"--out", folder_ + "/merged"});
  ASSERT_EQ(Simulator(merge), 0) << err_;
  EXPECT_EQ(out_, table);
  for (const char* name : {"points.jsonl", "points.csv"}) {
    const std::string one = Text(std::string("one/") + name);
    EXPECT_EQ(Text(std::string("two/") + name), one);
    EXPECT_EQ(Text(std::string("merged/") + name), one);
    const std::vector<std::string> lines = absl::StrSplit(one, '\n', absl::SkipEmpty());
    EXPECT_EQ(lines.size(), name == std::string("points.csv") ? 9u : 8u);
  }

  merge = {"sweep", "--merge", folder_ + "/shard-0-of-5.json", folder_ + "/shard-2-of-5.json"};
  EXPECT_EQ(Simulator(merge), 1);
  EXPECT_TRUE(StrContains(err_, "shard 1 of 5 is missing")) << err_;
  EXPECT_EQ(Simulator({"sweep", "--merge", merge[2], merge[2]}), 1);
  EXPECT_TRUE(StrContains(err_, "shard 0 of 5 is there twice")) << err_;
  EXPECT_EQ(Simulator({"sweep", "--merge", folder_ + "/profile.json"}), 1);
  EXPECT_TRUE(StrContains(err_, "expected a SweepShard")) << err_;
}

// What a shard's file leaves out would be missing here.
TEST_F(SweepTest, APointIsThePredictionOfRun) {
  const auto plan = Load(Inputs() +
                         "base: {ramp: 1s, duration: 10s, settle: 2s, replications: 2, seed: 7}\n"
                         "points: [{users: 3000, think_time: 2s}]\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto shard = RunShard(*plan, 0, 1, 2, nullptr);
  ASSERT_TRUE(shard.ok()) << shard.status();
  const std::vector<SweepShard> shards = {*shard};
  const auto points = MergeShards(shards);
  ASSERT_TRUE(points.ok()) << points.status();
  const std::string out = folder_ + "/predicted.json";
  ASSERT_EQ(Simulator({"run",
                       "--scenario",
                       folder_ + "/scenario.yaml",
                       "--deployment",
                       folder_ + "/deployment.yaml",
                       "--profile",
                       folder_ + "/profile.json",
                       "--ramp",
                       "1s",
                       "--duration",
                       "10s",
                       "--settle",
                       "2s",
                       "--replications",
                       "2",
                       "--seed",
                       "7",
                       "--users",
                       "3000",
                       "--think_time",
                       "2s",
                       "--out",
                       out}),
            0)
      << err_;
  auto run = model::ReadJson<model::Result>(out);
  ASSERT_TRUE(run.ok()) << run.status();
  model::Result point = points->front().result;
  point.mutable_provenance()->clear_version();  // of this test's program and the simulator's
  point.mutable_provenance()->clear_commit();
  run->mutable_provenance()->clear_version();
  run->mutable_provenance()->clear_commit();
  EXPECT_EQ(*model::ToJson(point), *model::ToJson(*run));
}

// Points differ in what goes wrong; the plans' text travels with the shards.
TEST_F(SweepTest, FaultPlansPerPoint) {
  ASSERT_TRUE(model::WriteFile("faults: []\n", folder_ + "/calm.yaml").ok());
  ASSERT_TRUE(model::WriteFile("faults:\n  - {at: 3s, for: 3s, slowdown: {factor: 0}}\n",
                               folder_ + "/halt.yaml")
                  .ok());
  ASSERT_TRUE(model::WriteFile(Inputs() +
                                   "base: {ramp: 0s, duration: 8s, settle: 2s, replications: 2, "
                                   "users: 2000, pods: 2}\n"
                                   "axes: {faults: [calm.yaml, halt.yaml]}\n",
                               file_)
                  .ok());
  ASSERT_EQ(Simulator({"sweep", file_, "--out", folder_ + "/one"}), 0) << err_;
  const auto plan = LoadSweepFile(file_);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto points = MergeShards({*RunShard(*plan, 0, 1, 1, nullptr)});
  ASSERT_TRUE(points.ok()) << points.status();
  const auto worst = [&](size_t point) {
    for (const model::Quantity& quantity : (*points)[point].result.quantities()) {
      if (quantity.name() == "p99_ms") return quantity.value();
    }
    return 0.0;
  };
  EXPECT_LT(worst(0), 100);
  EXPECT_GT(worst(1), 1000);
  for (const char* shard : {"1/3", "0/3", "2/3"}) {
    ASSERT_EQ(Simulator({"sweep", file_, "--shard", shard, "--out", folder_}), 0) << err_;
  }
  for (const char* name : {"calm.yaml", "halt.yaml", "sweep.yaml"}) {
    std::filesystem::remove(folder_ + "/" + name);
  }
  ASSERT_EQ(
      Simulator({"sweep", "--merge", folder_ + "/shard-0-of-3.json", folder_ + "/shard-1-of-3.json",
                 folder_ + "/shard-2-of-3.json", "--out", folder_ + "/merged"}),
      0)
      << err_;
  EXPECT_EQ(Text("merged/points.jsonl"), Text("one/points.jsonl"));
}

// A point goes on until it is precise, on one shard; how it was dealt changes nothing.
TEST_F(SweepTest, PrecisionPerPoint) {
  ASSERT_TRUE(model::WriteFile(
                  Inputs() +
                      "base: {ramp: 0s, duration: 6s, settle: 2s, users: 300, pods: 2, seed: 3,\n"
                      "       precision_of: throughput_per_second, max_replications: 12}\n"
                      "axes: {precision: [0.5, 0.01, 0.0001]}\n",
                  file_)
                  .ok());
  ASSERT_EQ(Simulator({"sweep", file_, "--out", folder_ + "/one"}), 0) << err_;
  const std::vector<std::string> lines =
      absl::StrSplit(Text("one/points.jsonl"), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(StrContains(lines[0], "\"replications\":3,")) << lines[0];
  EXPECT_FALSE(StrContains(lines[1], "\"replications\":3,")) << lines[1];
  EXPECT_TRUE(StrContains(lines[2], "\"replications\":12,")) << lines[2];
  EXPECT_TRUE(StrContains(lines[2], "not reached by 12 replications")) << lines[2];
  std::vector<std::string> merge = {"sweep", "--merge"};
  for (const char* shard : {"1/2", "0/2"}) {
    ASSERT_EQ(Simulator({"sweep", file_, "--shard", shard, "--out", folder_}), 0) << err_;
    merge.push_back(absl::StrCat(folder_, "/shard-", std::string(1, shard[0]), "-of-2.json"));
  }
  merge.insert(merge.end(), {"--out", folder_ + "/merged"});
  ASSERT_EQ(Simulator(merge), 0) << err_;
  EXPECT_EQ(Text("merged/points.jsonl"), Text("one/points.jsonl"));
}

TEST_F(SweepTest, DeploymentParametersChangeTheDeployment) {
  const auto plan = Load(Inputs() +
                         "base: {ramp: 0s, duration: 4s, settle: 1s, replications: 1, pods: 2}\n"
                         "axes: {users: [6000], think_time: [1s], database_cores: [1, 16],\n"
                         "       redis_masters: [1, 3], workers: [2], connections: [4],\n"
                         "       max_connections: [300]}\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->points_size(), 4);
  EXPECT_EQ(plan->points(1).settings().at("redis_masters"), "3");  // the last axis turns fastest
  const std::vector<SweepShard> shards = {*RunShard(*plan, 0, 1, 2, nullptr)};
  const auto points = MergeShards(shards);
  ASSERT_TRUE(points.ok()) << points.status();
  const auto capacity = [&](size_t point, const std::string& resource) {
    for (const model::ResourceUse& use : (*points)[point].result.resources()) {
      if (use.name() == resource) return use.capacity();
    }
    return 0.0;
  };
  EXPECT_DOUBLE_EQ(capacity(0, "database_cpu"), 1);
  EXPECT_DOUBLE_EQ(capacity(2, "database_cpu"), 16);
}

TEST_F(SweepTest, BadFilesNameTheLine) {
  struct Case {
    std::string yaml;
    std::string expected;
  };
  const std::string in = Inputs();  // three lines
  const Case cases[] = {
      {"- a\n", ":1: "},
      {in, "either `axes`"},
      {in + "axes: {users: [1]}\npoints: [{users: 1}]\n", "either `axes`"},
      {in + "axes: {}\n", ":4: "},
      {in + "axes: {user: [1]}\n", ":4: "},
      {in + "axes:\n  users: [1, x]\n", ":5: axes.users[1]: --users: expected a whole number"},
      {in + "axes:\n  users: [5, 5]\n", ":5: "},
      {in + "axes:\n  users: []\n", ":5: "},
      {in + "axes:\n  cpu: [0]\n", ":5: axes.cpu[0]: expected cores"},
      {in + "axes:\n  redis_masters: [-3]\n", ":5: axes.redis_masters[0]: expected a whole"},
      {in + "axes:\n  think_time: [fast]\n", ":5: axes.think_time[0]: --think_time"},
      {in + "base: {threads: 3}\naxes: {users: [1]}\n", ":4: "},
      {in + "base:\n  duration: long\naxes: {users: [1]}\n", ":5: "},
      {in + "base: {faults: none.yaml}\naxes: {users: [1]}\n", "sweep.yaml:4: base.faults: "},
      {in + "axes:\n  faults: [deployment.yaml]\n", ":5: axes.faults[0]: "},
      {in + "base: {precision_of: p95_ms}\naxes: {users: [1]}\n", "only together with --precision"},
      {in + "points: []\n", ":4: "},
      {in + "points:\n  - {users: 5}\n  - {pods: 5}\n", ":6: "},
      {in + "points:\n  - {users: 5}\n  - {users: 6, pods: 5}\n", ":6: "},
      {in + "axes: {users: [1]}\ntable: 5\n", ":5: "},
      {in + "axes: {users: [1]}\nspeed: 5\n", ":5: "},
      {"deployment: deployment.yaml\nprofile: profile.json\naxes: {users: [1]}\n", "scenario"},
      {"scenario: none.yaml\n" + in.substr(in.find('\n') + 1) + "axes: {users: [1]}\n",
       "none.yaml"},
      {in + "axes: {users: [1, 2, 3]}\n" + "axes: {users: [1]}\n", ":5: "},
  };
  for (const Case& item : cases) {
    const auto plan = Load(item.yaml);
    ASSERT_FALSE(plan.ok()) << item.yaml;
    EXPECT_TRUE(StrContains(plan.status().message(), item.expected))
        << item.yaml << plan.status() << "\nexpected " << item.expected;
    EXPECT_FALSE(StrContains(plan.status().message(), "\n")) << plan.status();
  }
}

TEST_F(SweepTest, WrongFlagsEndWith2) {
  ASSERT_TRUE(model::WriteFile(Inputs() + kGrid, file_).ok());
  const std::vector<std::vector<std::string>> cases = {
      {},
      {file_, file_},
      {file_, "--shard", "3/3", "--out", folder_},
      {file_, "--shard", "1", "--out", folder_},
      {file_, "--shard", "-1/4", "--out", folder_},
      {file_, "--shard", "0/4"},
      {file_, "--threads", "0"},
      {file_, "--speed", "5"},
      {"--merge"},
      {"--merge", "a", "--shard", "0/4", "--out", folder_},
  };
  for (std::vector<std::string> args : cases) {
    args.insert(args.begin(), "sweep");
    EXPECT_EQ(Simulator(args), 2) << err_;
    EXPECT_TRUE(StrContains(err_, "simulator sweep: ")) << err_;
  }
  EXPECT_EQ(Simulator({"sweep", folder_ + "/none.yaml"}), 1);
}

}  // namespace
}  // namespace simulator
