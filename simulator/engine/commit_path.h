#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "base/random.h"
#include "simulator/engine/system_model.h"
#include "simulator/stations/group_commit.h"

namespace simulator {

// From a transaction's commit to its acknowledgement, and where its records are safe meanwhile.
//
//   waits      the local log's group commit
//   + a synchronous standby: half a round trip after the local flush the records reach it, its own
//     group commit makes them durable, half a round trip later the primary knows
//   waits not  acknowledged at once; the WAL writer flushes every 200 ms (wal_writer_delay)
//
// A standby, synchronous or not, gets the records when the local flush has ended.
class CommitPath {
 public:
  CommitPath(const DatabaseModel& model, uint64_t seed, uint32_t replication)
      : model_(model),
        waits_(model.commit_waits && (model.flush > 0 || model.synchronous_standby)),
        synchronous_(model.synchronous_standby),
        random_(seed, replication, "database", "flush") {}

  bool waits() const { return waits_; }

  // When `commits` commits, one after the other and the first now, are acknowledged. `records` of
  // them count when a fault loses them. Calls come in order of time.
  Nanos Admit(Nanos now, uint32_t commits, uint32_t records) {
    if (!waits_) {
      const Nanos tick = (now / kWalWriterDelay + 1) * kWalWriterDelay;
      Note(now, tick + model_.flush, records);
      return now;
    }
    const Nanos local = local_.Admit(now, [this] { return model_.flush_law.Sample(random_); });
    const Nanos half = model_.standby_round_trip / 2;
    Nanos done = local;
    Nanos each = model_.flush;
    if (synchronous_) {
      done = standby_.Admit(local + half, [this] { return model_.standby_flush; }) + half;
      each += 2 * half + model_.standby_flush;
    }
    done += static_cast<Nanos>(commits - 1) * each;
    Note(done, local, records);
    return done;
  }

  // From now on remember what was acknowledged where.
  void Track() { tracks_ = true; }
  // Acknowledged transactions that a crash now loses: those that only memory has (`standby` false:
  // the same disk comes back), or those that the standby has not (it takes over).
  uint64_t Lost(Nanos now, bool standby) const {
    uint64_t lost = 0;
    for (const Acknowledged& one : recent_) {
      const Nanos safe = standby ? one.local + Lag() : one.local;
      if (one.at <= now && safe > now) lost += one.records;
    }
    return lost;
  }
  // The flush under way never ends.
  void Abandon(Nanos now) {
    local_.Abandon(now);
    standby_.Abandon(now);
    recent_.clear();
  }
  // No standby is left: the primary goes on alone.
  void LoseStandby() { synchronous_ = false; }

  Nanos BusyUntil(Nanos now) const { return local_.BusyUntil(now); }

 private:
  struct Acknowledged {
    Nanos at;
    Nanos local;  // durable on the primary
    uint32_t records;
  };
  static constexpr Nanos kWalWriterDelay = 200 * kMillisecond;

  // How much later than the primary the standby has the records.
  Nanos Lag() const { return model_.standby_round_trip / 2 + model_.standby_flush; }
  void Note(Nanos at, Nanos local, uint32_t records) {
    if (!tracks_) return;
    recent_.push_back({at, local, records});
    while (recent_.front().local + Lag() < at - kSecond) recent_.pop_front();
  }

  const DatabaseModel& model_;
  bool waits_;
  bool synchronous_;
  bool tracks_ = false;
  GroupCommit local_;
  GroupCommit standby_;
  base::RandomStream random_;
  std::deque<Acknowledged> recent_;
};

}  // namespace simulator
