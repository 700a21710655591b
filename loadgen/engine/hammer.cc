#include "loadgen/engine/hammer.h"

#include <errno.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "loadgen/engine/connection_set.h"
#include "loadgen/engine/validity.h"

namespace loadgen {
namespace {

constexpr int64_t kReconnectDelay = 100'000'000;  // after a failure, so that it is no busy loop

class Hammer : public ConnectionSet::Handler {
 public:
  Hammer(const HammerOptions& options, const RunPlan& plan, WorkerChannel& channel)
      : options_(options),
        plan_(plan),
        channel_(channel),
        count_(options.connections / plan.workers +
               (static_cast<uint32_t>(channel.index()) < options.connections % plan.workers)),
        recorder_({kHammerOperation}, plan.window_from_ns, plan.end_ns),
        run_(plan, &channel, &recorder_),
        sent_ns_(count_, 0) {}

  absl::Status Run() {
    auto set =
        ConnectionSet::Create({options_.target}, base::RandomStream(0, 0, "loadgen", "target"),
                              options_.sources, count_, options_.timeout_ns, this);
    if (!set.ok()) return set.status();
    set_ = std::move(*set);
    for (uint32_t i = 0; i < count_; ++i) set_->Open(i);
    int64_t now = NowNanos();
    while (run_.Releasing(now)) {
      int64_t until = std::min(run_.NextTick(), plan_.end_ns);
      if (!reconnects_.empty()) until = std::min(until, reconnects_.front().first);
      set_->Poll(until);
      now = NowNanos();
      for (; !reconnects_.empty() && reconnects_.front().first <= now; reconnects_.pop_front()) {
        set_->Open(reconnects_.front().second);
      }
      run_.Tick(now, count_, set_->connected_count());
    }
    draining_ = true;
    while (set_->busy_count() > 0 && run_.Draining(now)) {
      set_->Poll(std::min(now + 10'000'000, run_.NextTick()));
      now = NowNanos();
    }
    for (uint32_t i = 0; i < count_; ++i) {
      if (set_->busy(i)) Record(i, Outcome::kUnfinished, 0, 0, now);
    }
    recorder_.AddQuantity(kLocalLimitFailures, local_failures_);
    run_.Finish(now, count_, set_->connected_count());
    return absl::OkStatus();
  }

  void OnConnected(uint32_t index) override {
    if (!draining_) Send(index, NowNanos());
  }

  void OnResponse(uint32_t index, const ResponseReader& reader, int64_t bytes,
                  int64_t now) override {
    Record(index, OutcomeOfStatus(reader.status()), reader.status(), bytes, now);
    if (draining_) return;
    if (set_->connected(index)) {
      Send(index, now);
    } else {
      set_->Open(index);
    }
  }

  void OnFailure(uint32_t index, Outcome outcome, int error, int64_t now) override {
    if (error == EADDRNOTAVAIL || error == EMFILE || error == ENFILE) ++local_failures_;
    // A connection that never came about had no request to answer: it failed from now to now.
    if (sent_ns_[index] == 0) sent_ns_[index] = now;
    Record(index, outcome, 0, 0, now);
    if (!draining_) reconnects_.emplace_back(now + kReconnectDelay, index);
  }

  void OnIdleClosed(uint32_t index) override {
    if (!draining_) set_->Open(index);
  }

 private:
  void Send(uint32_t index, int64_t now) {
    sent_ns_[index] = now;
    recorder_.Started();
    set_->Send(index, options_.request, false, now);
  }

  void Record(uint32_t index, Outcome outcome, int status, int64_t bytes, int64_t now) {
    FinishedRequest request;
    request.outcome = outcome;
    request.status = status;
    request.intended_ns = request.released_ns = request.sent_ns = sent_ns_[index];
    request.done_ns = now;
    request.bytes_sent = static_cast<int64_t>(options_.request.size());
    request.bytes_received = bytes;
    recorder_.Finished(request);
    sent_ns_[index] = 0;
  }

  const HammerOptions& options_;
  const RunPlan& plan_;
  WorkerChannel& channel_;
  const uint32_t count_;
  Recorder recorder_;
  WorkerRun run_;
  std::unique_ptr<ConnectionSet> set_;
  std::vector<int64_t> sent_ns_;
  std::deque<std::pair<int64_t, uint32_t>> reconnects_;  // in the order of time
  uint64_t local_failures_ = 0;
  bool draining_ = false;
};

}  // namespace

void RunHammer(const HammerOptions& options, const RunPlan& plan, WorkerChannel& channel) {
  Hammer hammer(options, plan, channel);
  if (absl::Status status = hammer.Run(); !status.ok()) channel.SendError(status);
}

}  // namespace loadgen
