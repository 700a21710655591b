#include "simulator/commands/sweep.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "model/io.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/sweep/sweep.h"
#include "simulator/sweep/sweep_file.h"

namespace simulator {
namespace {

constexpr uint32_t kMostShards = 10'000;

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator sweep: %s\n", std::string(status.message()).c_str());
  return code;
}

struct Request {
  std::string file;                 // empty: merge
  std::vector<std::string> shards;  // to merge
  std::string out;
  uint32_t threads = 2;
  bool part = false;
  uint32_t index = 0;
  uint32_t count = 1;
};

absl::Status ReadShard(const std::string& text, Request* request) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &request->index) ||
      !absl::SimpleAtoi(parts[1], &request->count) || request->count == 0 ||
      request->count > kMostShards || request->index >= request->count) {
    return absl::InvalidArgumentError(
        absl::StrCat("--shard: expected INDEX/COUNT such as 0/8, the index from 0 and below the "
                     "count, found '",
                     text, "'"));
  }
  request->part = true;
  return absl::OkStatus();
}

absl::StatusOr<Request> ReadRequest(std::vector<std::string> args) {
  Request request;
  const auto merge = std::find(args.begin(), args.end(), "--merge");
  const bool merging = merge != args.end();
  if (merging) {
    std::vector<std::string> rest(merge + 1, args.end());
    request.shards = TakePositional(&rest);
    args.erase(merge, args.end());
    if (request.shards.empty()) {
      return absl::InvalidArgumentError("--merge: expected the shards' files after it");
    }
    args.insert(args.end(), rest.begin(), rest.end());
  } else {
    const std::vector<std::string> files = TakePositional(&args);
    if (files.size() != 1) {
      return absl::InvalidArgumentError("expected one sweep file, or --merge SHARD...");
    }
    request.file = files[0];
  }
  const auto flags = ParseFlags(args, {"threads", "out", "shard"});
  if (!flags.ok()) return flags.status();
  absl::Status status = ReadCount(*flags, "threads", 1, 64, &request.threads);
  if (flags->contains("out")) request.out = UserPath(flags->at("out"));
  if (flags->contains("shard")) status.Update(ReadShard(flags->at("shard"), &request));
  if (request.part && merging) {
    status.Update(absl::InvalidArgumentError("--shard and --merge exclude each other"));
  }
  if (request.part && request.out.empty()) {
    status.Update(absl::InvalidArgumentError("--shard: --out FOLDER is missing"));
  }
  if (!status.ok()) return status;
  return request;
}

absl::Status Write(const std::vector<SweepShard>& shards, const std::string& out) {
  const auto points = MergeShards(shards);
  if (!points.ok()) return points.status();
  const SweepPlan& plan = shards.front().plan();
  std::printf("%s", SweepTable(plan, *points).c_str());
  if (out.empty()) return absl::OkStatus();
  const auto lines = SweepJsonLines(plan, *points);
  if (!lines.ok()) return lines.status();
  absl::Status status = model::WriteFile(*lines, out + "/points.jsonl");
  status.Update(model::WriteFile(SweepCsv(plan, *points), out + "/points.csv"));
  return status;
}

absl::Status Merge(const Request& request) {
  std::vector<SweepShard> shards;
  for (const std::string& typed : request.shards) {
    auto shard = model::ReadJson<SweepShard>(UserPath(typed));
    if (!shard.ok()) return shard.status();
    if (shard->plan().points().empty() || shard->count() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(UserPath(typed), ": plan: not a shard of a sweep"));
    }
    shards.push_back(*std::move(shard));
  }
  return Write(shards, request.out);
}

absl::Status Sweep(const Request& request) {
  const auto plan = LoadSweepFile(UserPath(request.file));
  if (!plan.ok()) return plan.status();
  const absl::Time start = absl::Now();
  std::vector<SweepShard> shards(1);
  auto shard = RunShard(*plan, request.index, request.count, request.threads,
                        [&](size_t done, size_t all, const std::string& words) {
                          std::fprintf(stderr, "%zu of %zu replications, %.1f s: %s\n", done, all,
                                       absl::ToDoubleSeconds(absl::Now() - start), words.c_str());
                        });
  if (!shard.ok()) return shard.status();
  shards[0] = *std::move(shard);
  if (!request.part) return Write(shards, request.out);
  const std::string path =
      absl::StrCat(request.out, "/shard-", request.index, "-of-", request.count, ".json");
  if (absl::Status status = model::WriteJson(shards[0], path); !status.ok()) return status;
  std::printf("%s: %d replications\n", path.c_str(), shards[0].runs_size());
  return absl::OkStatus();
}

}  // namespace

int RunSweep(std::vector<std::string> args) {
  const auto request = ReadRequest(std::move(args));
  if (!request.ok()) return Fail(request.status(), 2);
  const absl::Status status = request->file.empty() ? Merge(*request) : Sweep(*request);
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace simulator
