#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/random.h"
#include "simulator/engine/system_model.h"
#include "simulator/stations/fifo_server.h"

namespace simulator {

// PgBouncer's processes: each has one thread, its own clients, server connections and queue of
// clients that wait for one. Several processes (pods, or so_reuseport on one host) share nothing;
// the kernel deals clients out at random.
class Pooler {
 public:
  struct Waiting {
    uint32_t connection;
    Nanos since;
  };
  struct Process {
    FifoServer cpu;
    uint32_t clients = 0;
    uint32_t servers = 0;  // open or being opened
    uint32_t idle = 0;
    std::deque<Waiting> waiting;  // may hold clients that have left: see Next
    Nanos opening = kNever;       // due time of the connection being opened; 0: on the CPU
    bool timer = false;           // a query wait timer is on its way
  };

  Pooler(const DatabaseModel& model, uint64_t seed, uint32_t replication)
      : model_(model),
        processes_(model.pooler_processes),
        random_(seed, replication, "pooler", "process") {}

  // The process that takes a new client; -1: it is full.
  int Accept() {
    const auto p = static_cast<size_t>(random_.UniformInt(processes_.size()));
    if (processes_[p].clients >= model_.pooler_max_clients) return -1;
    ++processes_[p].clients;
    ++clients_;
    return static_cast<int>(p);
  }
  void Leave(uint32_t process) {
    --processes_[process].clients;
    --clients_;
  }

  // One of a transaction's two passes through the thread ends.
  Nanos Pass(uint32_t process, Nanos now) {
    return processes_[process].cpu.Admit(now, model_.pooler_query / 2);
  }

  Process& operator[](uint32_t process) { return processes_[process]; }
  const std::vector<Process>& processes() const { return processes_; }
  uint32_t clients() const { return clients_; }
  Nanos BusyUntil(Nanos now) const {
    Nanos busy = 0;
    for (const Process& process : processes_) busy += process.cpu.BusyUntil(now);
    return busy;
  }
  // All server connections are gone.
  void LoseServers() {
    for (Process& process : processes_) {
      process.servers = process.idle = 0;
      process.opening = kNever;
    }
  }

 private:
  const DatabaseModel& model_;
  std::vector<Process> processes_;
  uint32_t clients_ = 0;
  base::RandomStream random_;
};

}  // namespace simulator
