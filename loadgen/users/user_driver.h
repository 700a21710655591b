#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "loadgen/engine/connection_set.h"
#include "loadgen/engine/recorder.h"
#include "loadgen/engine/run_control.h"
#include "loadgen/engine/timing_wheel.h"
#include "loadgen/users/answer.h"
#include "loadgen/users/plan.h"
#include "loadgen/users/request_renderer.h"
#include "loadgen/users/stage_profile.h"
#include "loadgen/users/tokens.h"

// One worker's virtual users: the closed model in real time.
//
// A user thinks, sends its step's request, waits for the answer, thinks again. The time from which
// a response counts is the moment its think timer was due, whatever held the request back: a
// generator that is late, a connection that must be opened first. All random draws of a user come
// from its own stream, so what user 17 does depends on the seed and on the answers it gets, not on
// the number of workers.
//
// Memory: about 300 bytes a user including its place in the release queue and its connection's
// slot; extracted variables and signed-in sessions add what they hold, while they hold it.
namespace loadgen {

struct DriverOptions {
  const Plan* plan = nullptr;
  const StageProfile* profile = nullptr;
  const Tokens* tokens = nullptr;
  const model::Catalogue* catalogue = nullptr;
  std::vector<Target> targets;  // at least one; requests name the first as their Host
  std::vector<in_addr> sources;
  uint64_t seed = 1;
};

// Users n with n % run.workers == channel.index(). Returns when the run is over.
void RunUsers(const DriverOptions& options, const RunPlan& run, WorkerChannel& channel);

// Quantities beside the recorder's, over the whole run.
inline constexpr char kStepsSkipped[] = "steps_skipped_for_missing_variables";
inline constexpr char kConnectionsLost[] = "connections_lost_while_idle";
inline constexpr char kConnectionsFailed[] = "connections_failed_while_idle";
inline constexpr char kRetries[] = "retries";

class UserDriver : public ConnectionSet::Handler {
 public:
  UserDriver(const DriverOptions& options, const RunPlan& run, WorkerChannel& channel);
  absl::Status Run();

  void OnConnected(uint32_t k) override;
  void OnResponse(uint32_t k, const ResponseReader& reader, int64_t bytes_received,
                  int64_t now) override;
  void OnFailure(uint32_t k, Outcome outcome, int error, int64_t now) override;
  void OnIdleClosed(uint32_t k) override;

 private:
  enum class Phase : uint8_t {
    kInactive,
    kThinking,    // in the release queue
    kConnecting,  // its request is due and waits for the connection
    kAwaiting     // sent
  };
  enum class Task : uint8_t { kStep, kLogin, kRefresh };

  struct User {
    explicit User(const base::RandomStream& stream) : random(stream) {}
    base::RandomStream random;
    int64_t intended_ns = 0, released_ns = 0, sent_ns = 0;
    std::unique_ptr<UserExtra> extra;
    UserIdentity who;
    uint32_t bytes_sent = 0;
    uint16_t journey = 0, step = 0;
    Phase phase = Phase::kInactive;
    Task task = Task::kStep;
    uint8_t attempts = 0;    // tries again of the current request so far
    bool refreshed = false;  // just now: the waiting step goes out whatever the token says
  };

  uint64_t NumberOf(uint32_t k) const {
    return static_cast<uint64_t>(k) * run_plan_.workers + channel_.index();
  }
  const StepPlan& StepOf(const User& user) const {
    return plan_.journeys[user.journey].steps[user.step];
  }
  uint32_t* PicksOf(uint32_t k) { return picks_.data() + k * plan_.feeders.size(); }

  void MakeUsers();
  void ActivateDue(int64_t now);
  int64_t NextActivation(int64_t now) const;
  void Activate(uint32_t k, int64_t now);
  bool DeactivateIfOver(uint32_t k, int64_t now);
  void StartJourney(uint32_t k);
  // Chooses the next step and puts the user into the release queue (or releases it at once).
  void Advance(uint32_t k, int64_t now);
  void Schedule(uint32_t k, int64_t due);
  void ReleaseDue(int64_t now);
  void Release(uint32_t k, int64_t due);
  void SendTask(uint32_t k);

  bool Render(uint32_t k);
  uint16_t OperationOf(const User& user) const;
  void Record(uint32_t k, Outcome outcome, int status, int64_t bytes, int64_t now);
  bool TryAgain(uint32_t k, Outcome outcome, int64_t now);
  void Continue(uint32_t k, Outcome outcome, int status, int64_t now);

  const DriverOptions& options_;
  const Plan& plan_;
  const RunPlan& run_plan_;
  WorkerChannel& channel_;
  Recorder recorder_;
  WorkerRun run_;
  TimingWheel wheel_;
  RequestRenderer renderer_;
  std::unique_ptr<ConnectionSet> set_;
  std::vector<User> users_;
  std::vector<uint32_t> picks_;  // users x feeders
  uint32_t cursor_ = 0;          // users before it are active, or were and left
  uint64_t active_ = 0;
  std::string request_;
  uint64_t skipped_ = 0, lost_ = 0, failed_idle_ = 0, local_failures_ = 0;
  uint64_t requests_ = 0, retries_ = 0;
  bool draining_ = false;
};

}  // namespace loadgen
