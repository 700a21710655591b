#include "simulator/engine/system_compiler.h"

namespace simulator {
namespace {

constexpr double kStandingSeconds = 0.1;  // CoDel's published interval

}  // namespace

// Names the line of a hand-written deployment.
absl::Status SystemCompiler::BadField(const std::string& path, const std::string& expected) const {
  const auto origin = deployment_.origins().find(path);
  if (origin == deployment_.origins().end()) return Bad(path + ": expected " + expected);
  return absl::InvalidArgumentError(absl::StrCat(origin->second.file(), ":", origin->second.line(),
                                                 ": `", path, "`: expected ", expected));
}

absl::Status SystemCompiler::Overload() {
  const model::Overload& given = api_->overload();
  OverloadModel& model = system_.overload;
  const std::string where = "workloads." + api_->name() + ".overload.";
  if (given.queue_order() == "lifo") {
    model.order = OverloadModel::kLifo;
  } else if (given.queue_order() == "adaptive_lifo") {
    model.order = OverloadModel::kAdaptiveLifo;
  } else if (!given.queue_order().empty() && given.queue_order() != "fifo") {
    return BadField(where + "queue_order",
                    "fifo, lifo or adaptive_lifo, found " + given.queue_order());
  }
  const struct {
    const char* name;
    double value;
    Nanos* target;
  } times[] = {
      {"codel_target_seconds", given.codel_target_seconds(), &model.codel_target},
      {"codel_interval_seconds", given.codel_interval_seconds(), &model.codel_interval},
      {"deadline_margin_seconds", given.deadline_margin_seconds(), &model.deadline_margin},
      {"reject_cpu_seconds", given.reject_cpu_seconds(), &model.reject_cpu},
  };
  for (const auto& time : times) {
    if (!(time.value >= 0 && time.value <= 60)) {
      return BadField(where + time.name, "0 to 60 seconds");
    }
    *time.target = ToNanos(time.value);
  }
  model.deadline_at_worker = given.deadline_at_worker();
  model.deadline_before_database = given.deadline_before_database();
  if (model.deadline_margin > 0 && !model.deadline_at_worker && !model.deadline_before_database) {
    return BadField(where + "deadline_margin_seconds",
                    "deadline_at_worker or deadline_before_database beside it");
  }
  if (model.codel_target > 0 && model.codel_interval > 0 &&
      model.codel_interval < model.codel_target) {
    return BadField(where + "codel_interval_seconds", "at least codel_target_seconds");
  }
  if (model.codel_interval == 0) {
    model.codel_interval = std::max(model.codel_target, ToNanos(kStandingSeconds));
  }
  if (given.concurrency_limit() > 1u << 24) {
    return BadField(where + "concurrency_limit", "at most 16777216");
  }
  model.concurrency_limit = given.concurrency_limit();
  return absl::OkStatus();
}

}  // namespace simulator
