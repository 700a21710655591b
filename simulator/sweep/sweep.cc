#include "simulator/sweep/sweep.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/build_info.h"
#include "model/io.h"
#include "model/threshold.h"
#include "simulator/engine/replications.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/stopping.h"
#include "simulator/sweep/point.h"
#include "simulator/sweep/record.h"

namespace simulator {
namespace {

// One replication of a point, or the whole point where a precision decides how many there are.
struct Task {
  int point = 0;
  uint32_t replication = 0;
  bool whole = false;
};

absl::StatusOr<std::vector<Task>> TasksOf(const SweepPlan& plan) {
  std::vector<Task> tasks;
  for (int point = 0; point < plan.points_size(); ++point) {
    const auto prepared = PreparePoint(plan, point);
    if (!prepared.ok()) return prepared.status();
    if (prepared->options.precision > 0) {
      tasks.push_back({point, 0, true});
      continue;
    }
    for (uint32_t i = 0; i < std::max(1u, prepared->options.replications); ++i) {
      tasks.push_back({point, i, false});
    }
  }
  return tasks;
}

absl::StatusOr<std::string> DigestOf(const SweepPlan& plan) {
  SweepPlan same = plan;
  same.clear_file();  // where it lay does not matter
  const auto json = model::ToJson(same);
  if (!json.ok()) return json.status();
  return model::Sha256Hex(*json);
}

absl::StatusOr<std::vector<ReplicationResult>> RunReplication(const PreparedPoint& point,
                                                              uint32_t replication) {
  RunOptions options = point.options;
  options.first_replication = replication;
  options.replications = 1;
  options.threads = 1;
  return RunReplications(point.compiled.workload, point.compiled.system, options);
}

absl::StatusOr<std::vector<ReplicationResult>> RunPoint(const PreparedPoint& point) {
  RunOptions options = point.options;
  options.threads = 1;
  const Join join = [&](const std::vector<ReplicationResult>& replications) {
    return JoinReplications(point.experiment, point.compiled, options, replications);
  };
  auto replicated = ReplicateUntilPrecise(point.compiled, options, join, nullptr);
  if (!replicated.ok()) return replicated.status();
  return std::move(replicated->replications);
}

absl::StatusOr<std::vector<ReplicationRecord>> RunTask(const SweepPlan& plan, const Task& task) {
  const auto prepared = PreparePoint(plan, task.point);
  if (!prepared.ok()) return prepared.status();
  const auto results =
      task.whole ? RunPoint(*prepared) : RunReplication(*prepared, task.replication);
  if (!results.ok()) {
    return absl::Status(results.status().code(),
                        absl::StrCat(SettingsInWords(plan, plan.points(task.point)), ": ",
                                     std::string(results.status().message())));
  }
  std::vector<ReplicationRecord> records;
  for (const ReplicationResult& result : *results) {
    records.push_back(ToRecord(result));
    records.back().set_point(static_cast<uint32_t>(task.point));
    records.back().set_replication(task.replication + static_cast<uint32_t>(records.size()) - 1);
  }
  return records;
}

// Same sweep, same build, each of 0 .. count - 1 once.
absl::Status CheckShards(const std::vector<SweepShard>& shards) {
  const SweepShard& first = shards.front();
  std::vector<int> seen(first.count(), 0);
  for (const SweepShard& shard : shards) {
    const std::string name = absl::StrCat("shard ", shard.index(), " of ", shard.count());
    const auto digest = DigestOf(shard.plan());
    if (!digest.ok()) return digest.status();
    if (*digest != shard.plan_digest()) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": its plan was changed"));
    }
    if (shard.plan_digest() != first.plan_digest() || shard.count() != first.count()) {
      return absl::InvalidArgumentError(absl::StrCat(name, " and shard ", first.index(), " of ",
                                                     first.count(),
                                                     " are not parts of the same sweep"));
    }
    if (shard.version() != first.version() || shard.commit() != first.commit()) {
      return absl::InvalidArgumentError(absl::StrCat(
          name, " was made by simulator ", shard.version(), " ", shard.commit(), ", shard ",
          first.index(), " by ", first.version(), " ", first.commit(), ": expected one build"));
    }
    if (shard.index() >= shard.count() || seen[shard.index()]++ > 0) {
      return absl::InvalidArgumentError(absl::StrCat(name, " is there twice"));
    }
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("shard ", i, " of ", first.count(), " is missing"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<model::Result> JoinPoint(const SweepPlan& plan, int point, const SweepShard& build,
                                        const std::vector<const ReplicationRecord*>& records) {
  const auto prepared = PreparePoint(plan, point);
  if (!prepared.ok()) return prepared.status();
  std::vector<ReplicationResult> replications;
  for (const ReplicationRecord* record : records) {
    auto result = FromRecord(*record);
    if (!result.ok()) return result.status();
    replications.push_back(*std::move(result));
  }
  const Experiment& experiment = prepared->experiment;
  model::Result result =
      JoinReplications(experiment, prepared->compiled, prepared->options, replications);
  result.mutable_provenance()->set_version(build.version());
  result.mutable_provenance()->set_commit(build.commit());
  const auto passed = model::EvaluateThresholds(experiment.scenario, &result);
  if (!passed.ok()) return passed.status();
  return result;
}

// Hands a shard's runs to the tasks that it was dealt, in their order.
absl::Status DealtTo(const SweepShard& shard, const std::vector<Task>& tasks,
                     std::vector<std::vector<const ReplicationRecord*>>* found) {
  int next = 0;
  for (size_t at = shard.index(); at < tasks.size(); at += shard.count()) {
    const Task& task = tasks[at];
    for (; next < shard.runs_size(); ++next) {
      const ReplicationRecord& record = shard.runs(next);
      const size_t done = (*found)[at].size();
      if (record.point() != static_cast<uint32_t>(task.point) ||
          record.replication() != task.replication + done || (done > 0 && !task.whole)) {
        break;
      }
      (*found)[at].push_back(&record);
    }
  }
  if (next == shard.runs_size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("shard ", shard.index(), ": its runs are not those of the plan"));
}

}  // namespace

absl::StatusOr<SweepShard> RunShard(
    const SweepPlan& plan, uint32_t index, uint32_t count, uint32_t threads,
    const std::function<void(size_t, size_t, const std::string&)>& finished) {
  const auto all = TasksOf(plan);
  if (!all.ok()) return all.status();
  const auto digest = DigestOf(plan);
  if (!digest.ok()) return digest.status();
  std::vector<Task> mine;
  for (size_t i = index; i < all->size(); i += count) mine.push_back((*all)[i]);

  std::vector<absl::StatusOr<std::vector<ReplicationRecord>>> records(
      mine.size(), std::vector<ReplicationRecord>());
  std::atomic<size_t> next{0};
  size_t done = 0;
  std::mutex mutex;
  const auto work = [&] {
    for (size_t i; (i = next++) < mine.size();) {
      records[i] = RunTask(plan, mine[i]);
      if (!records[i].ok()) next = mine.size();  // the others need not begin
      const std::lock_guard<std::mutex> lock(mutex);
      ++done;
      if (finished) finished(done, mine.size(), SettingsInWords(plan, plan.points(mine[i].point)));
    }
  };
  std::vector<std::thread> others;
  for (size_t t = 1; t < std::min<size_t>(std::max(1u, threads), mine.size()); ++t) {
    others.emplace_back(work);
  }
  work();
  for (std::thread& thread : others) thread.join();

  SweepShard shard;
  *shard.mutable_plan() = plan;
  shard.set_plan_digest(*digest);
  shard.set_version(base::ThisBuild().version);
  shard.set_commit(base::ThisBuild().commit);
  shard.set_index(index);
  shard.set_count(count);
  for (absl::StatusOr<std::vector<ReplicationRecord>>& task : records) {
    if (!task.ok()) return task.status();
    for (ReplicationRecord& record : *task) *shard.add_runs() = std::move(record);
  }
  return shard;
}

absl::StatusOr<std::vector<PointResult>> MergeShards(const std::vector<SweepShard>& shards) {
  if (shards.empty()) return absl::InvalidArgumentError("expected at least one shard");
  if (absl::Status status = CheckShards(shards); !status.ok()) return status;
  const SweepPlan& plan = shards.front().plan();
  const auto tasks = TasksOf(plan);
  if (!tasks.ok()) return tasks.status();
  std::vector<std::vector<const ReplicationRecord*>> by_point(
      static_cast<size_t>(plan.points_size()));
  std::vector<std::vector<const ReplicationRecord*>> found(tasks->size());
  for (const SweepShard& shard : shards) {
    if (absl::Status status = DealtTo(shard, *tasks, &found); !status.ok()) return status;
  }
  for (size_t i = 0; i < tasks->size(); ++i) {
    if (found[i].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("shard ", i % shards.size(), " lacks a run of its share"));
    }
    auto& records = by_point[static_cast<size_t>((*tasks)[i].point)];
    records.insert(records.end(), found[i].begin(), found[i].end());
  }
  std::vector<PointResult> points(by_point.size());
  for (int i = 0; i < plan.points_size(); ++i) {
    auto result = JoinPoint(plan, i, shards.front(), by_point[static_cast<size_t>(i)]);
    if (!result.ok()) return result.status();
    points[static_cast<size_t>(i)] = {&plan.points(i), *std::move(result)};
  }
  return points;
}

}  // namespace simulator
