#include "simulator/engine/workload.h"

#include <algorithm>
#include <cmath>

#include "simulator/engine/workload_compiler.h"

namespace simulator {

absl::StatusOr<Workload> Workload::Compile(const model::Scenario& scenario,
                                           const RunOptions& options) {
  return WorkloadCompiler(scenario, options).Run();
}

void Workload::Draw(UserState& user, base::RandomStream& random) const {
  user.step = 0;
  user.journey = 0;
  if (journey_cumulative.size() == 1) return;
  const double u = random.Uniform01();
  while (u > journey_cumulative[user.journey]) ++user.journey;
}

void Workload::Seek(UserState& user, base::RandomStream& random) const {
  for (;;) {
    if (user.step >= journeys[user.journey].steps) Draw(user, random);
    const double probability = StepOf(user).probability;
    if (probability >= 1 || random.Bernoulli(probability)) return;
    ++user.step;
  }
}

void Workload::Begin(UserState& user, base::RandomStream& random) const {
  if (login_fraction > 0 && random.Bernoulli(login_fraction)) {
    user.journey = login_journey;
    user.step = 0;
    return;
  }
  Draw(user, random);
  Seek(user, random);
}

bool Workload::SeekWithin(UserState& user, base::RandomStream& random) const {
  for (; user.step < journeys[user.journey].steps; ++user.step) {
    const double probability = StepOf(user).probability;
    if (probability >= 1 || random.Bernoulli(probability)) return true;
  }
  return false;
}

bool Workload::AdvanceWithin(UserState& user, base::RandomStream& random) const {
  ++user.step;
  return SeekWithin(user, random);
}

bool Workload::BeginJourney(UserState& user, base::RandomStream& random) const {
  Draw(user, random);
  return SeekWithin(user, random);
}

void Workload::DrawRequest(UserState& user, base::RandomStream& random) const {
  const double u = random.Uniform01() * step_cumulative.back();
  uint32_t step = 0;
  while (u > step_cumulative[step]) ++step;
  Locate(step, user);
}

void Workload::Locate(uint32_t step, UserState& user) const {
  user.journey = 0;
  while (step >= journeys[user.journey].first_step + journeys[user.journey].steps) ++user.journey;
  user.step = static_cast<uint16_t>(step - journeys[user.journey].first_step);
}

bool Workload::BeginStationary(UserState& user, base::RandomStream& random) const {
  if (login_fraction > 0 && random.Bernoulli(login_fraction)) {
    user.journey = login_journey;
    user.step = 0;
    return false;
  }
  const double u = random.Uniform01() * think_cumulative.back();
  uint32_t step = 0;
  while (u > think_cumulative[step]) ++step;
  Locate(step, user);
  return true;
}

double Workload::RequestRate() const {
  if (model == LoadModel::kClosed) {
    return static_cast<double>(users) / std::max(1e-3, mean_think_seconds);
  }
  if (single_requests) return arrival_rate;
  if (model == LoadModel::kOpen) return arrival_rate * requests_per_journey;
  return arrival_rate * session.mean * (session.requests ? 1 : requests_per_journey);
}

const char* LoadModelName(LoadModel model) {
  switch (model) {
    case LoadModel::kClosed:
      return "closed";
    case LoadModel::kOpen:
      return "open";
    case LoadModel::kPartlyOpen:
      return "partly_open";
  }
  return "";
}

uint32_t SessionModel::Draw(base::RandomStream& random) const {
  if (!geometric || mean <= 1) return static_cast<uint32_t>(mean);
  // 1 + floor(ln U / ln(1 - 1/mean)): P(n) = (1 - 1/mean)^(n - 1) / mean.
  const double more = std::log(random.Uniform01()) / std::log1p(-1 / mean);
  return 1 + static_cast<uint32_t>(std::min(more, 4e9));
}

void Workload::Advance(UserState& user, base::RandomStream& random) const {
  ++user.step;
  Seek(user, random);
}

void PopulationPlan::Seek() {
  for (; stage_ < stages_->size(); ++stage_, done_ = 0) {
    const Stage& stage = (*stages_)[stage_];
    const uint64_t changes = stage.to > stage.from ? stage.to - stage.from : stage.from - stage.to;
    if (done_ >= changes) continue;
    next_ = stage.start +
            static_cast<Nanos>(static_cast<double>(stage.duration) *
                               (static_cast<double>(done_) + 0.5) / static_cast<double>(changes));
    return;
  }
  next_ = kNever;
}

int PopulationPlan::Pop() {
  const Stage& stage = (*stages_)[stage_];
  ++done_;
  Seek();
  return stage.to > stage.from ? 1 : -1;
}

}  // namespace simulator
