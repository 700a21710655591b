#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulator/engine/arrivals.h"
#include "simulator/engine/breaker.h"
#include "simulator/engine/database_tier.h"
#include "simulator/engine/event_kinds.h"
#include "simulator/engine/ingress_clients.h"
#include "simulator/engine/keyed_cache.h"
#include "simulator/engine/nodes.h"
#include "simulator/engine/options.h"
#include "simulator/engine/pods.h"
#include "simulator/engine/recorder.h"
#include "simulator/engine/redis_scaler.h"
#include "simulator/engine/redis_tier.h"
#include "simulator/engine/request_table.h"
#include "simulator/engine/system_model.h"
#include "simulator/engine/vertical_recommender.h"
#include "simulator/engine/workload.h"
#include "simulator/kernel/event_queue.h"
#include "simulator/kernel/thinking_users.h"
#include "simulator/kernel/timing_wheel.h"
#include "simulator/stations/event_loop.h"
#include "simulator/stations/fifo_server.h"
#include "simulator/stations/speed_profile.h"

namespace simulator {

// One replication: users, pods, Redis shards and a database in virtual time.
//
// Path of a request:
//   think time -> [ingress: one FIFO queue at its whole CPU speed, when it has a cost]
//   -> worker CPU, first half of the operation's server demand
//   -> Redis: all of the request's commands at once, each to a shard by key popularity; the
//      answer when the last is done
//   (with wake-ups in the profile each answer that something follows upon takes the worker for a
//   part of the second half, and whoever finds a worker or a backend idle wakes it at a cost)
//   -> on a miss (or not cacheable): database round trips one after the other, each on the
//      worker's connection with the fewest in flight
//   -> a PHI read waits until its audit record is durable: records that come while a worker's batch
//      is on its way form the next batch (insert, then WAL flush)
//   -> [password hashing: one FIFO thread per pod] -> worker CPU, second half -> answer
//
// Stations, and where they are exact:
//   worker       FIFO in virtual time, speed min(1, limit / workers) of a core: exact for a
//                single-threaded event loop at constant speed
//   Redis shard  FIFO in virtual time: exact (redis_tier.h)
//   connection   FIFO pipeline, one statement at a time: head-of-line blocking is exact; a commit
//                that waits for its flush holds its connection
//   database CPU processor sharing among busy backends, total speed by the contention curve,
//                capped by the cores: exact for fair sharing
//   WAL flush    group commit, flush time constant or drawn from measured quantiles: exact
//   users        journeys and think times as in the scenario: exact for every law (see workload.h)
//
// A request is one or more attempts: one that fails or is not answered within the scenario's
// timeout is repeated after a pause, as far as the scenario's retries and their budget allow. The
// client gives up; the server does not know and works on. A request's time runs from its first
// attempt.
//
// With the deployment's overload control a worker's queue decides late who is next, and may turn
// requests away or drop them (worker_queue.h); with the scenario's breakers (breaker.h) a client
// does not even send. Without them the station is the FIFO above and costs nothing more.
//
// Users come as the workload's model says (workload.h): by stages (closed), or by a Poisson process
// with the stages' rate (open and partly open), exactly. A user whose access token has expired at
// its next request sends a refresh first and the request when that is answered; after a refresh or
// login that failed it thinks again and tries again. Minted tokens of closed users are of any age
// at the start (uniform), those of arrivals are new. When an open model's unanswered requests pass
// a bound, the run ends: ReplicationResult::unstable.
//
// Where nothing depends on who a user is, users are counts by the step at which they stand, without
// a record each: see CountsSuffice(). The law of every figure is the same either way.
//
// A user's connection: with per_connection balancing it stays on one worker, drawn at random among
// the workers of ready pods when the user first sends, and again only when that pod goes away: new
// pods get new users, not old ones. With per_request each request goes to a random worker of the
// ready pods (what many round-robin proxies together amount to).
//
// Pods die, nodes vanish and updates roll as the fault plan says (pod_failures.cc, node_events.cc).
// A process that dies takes its requests with it: their clients see a reset, or nothing at all when
// its node is lost; PostgreSQL finishes the statement it works on. Who balances hears of a pod that
// is no longer ready a moment later.
//
// Laws are asserted, not hoped for: conservation of users at every step (and arrivals = departures
// + present); Little's law over the window exactly, in integers, edges included; work admitted to
// the workers and the database equals the demand drawn. A violation ends in
// ReplicationResult::violation.
//
// Deterministic: a pure function of the models, the options and the replication's number.
// Of the ingress, by the plan's losses of replicas.
SpeedProfile IngressSpeed(const SystemModel& system, const RunOptions& options);

class Simulation final : private DatabaseTier::Client {
 public:
  Simulation(const Workload& workload, const SystemModel& system, const RunOptions& options,
             uint32_t replication);
  ReplicationResult Run();

 private:
  enum Control : uint32_t { kStep, kScrape, kSync, kMeasure, kCache, kVertical, kRedisChange };

  enum ClusterEvent : uint32_t {
    kEndpoints,
    kReadinessProbe,      // pod
    kLivenessProbe,       // pod
    kConnectionsDropped,  // pod
    kNodeScan,
    kNodeUp,
    kNodeNotReady,  // node
    kNodeEvict,     // node
    kDrainStep,     // node
  };
  static constexpr uint32_t kClusterValues = 1u << 20;
  static constexpr Nanos kKubeletPeriod = 10 * kSecond;

  struct Worker {
    FifoServer cpu;
    EventLoop loop;
    uint32_t in_system = 0;
  };
  // A user's request over its attempts.
  struct Tries {
    Nanos first_start = kNever;  // kNever: no request under way
    uint8_t repeats = 0;
    bool backing_off = false;
  };
  // A worker's queue under overload control.
  struct Queue {
    WorkerQueue waiting;
    bool busy = false;
  };
  // What became of attempts at the server, cumulative.
  struct OverloadTotals {
    uint64_t rejected = 0;  // never taken in
    uint64_t shed = 0;
    uint64_t dropped = 0;
    double worked = 0;  // worker nanoseconds of attempts that ended
    double wasted = 0;
  };
  // Snapshot of cumulative figures, to difference over a step or the window.
  struct Totals {
    double server_busy = 0;      // core-nanoseconds
    double server_capacity = 0;  // of ready pods
    double database_busy = 0;
    std::vector<Nanos> shard_busy;
    Nanos wal_busy = 0;
    Nanos pooler_busy = 0;
    uint64_t writes = 0;
    uint64_t audit_rows = 0;
    Nanos ingress_busy = 0;
    double connections = 0;  // connection-nanoseconds
    uint64_t started = 0;    // requests
    uint64_t attempts = 0;   // of them, the first ones included
    uint64_t answers = 0;    // of the server
    uint64_t wasted = 0;     // answers that nobody waited for any more
    uint64_t turns = 0;      // of the workers' event loops, when wake-ups are modelled
    uint64_t wake_ups = 0;   // of them, those of a worker that slept
    uint64_t lookups = 0;
    uint64_t hits = 0;
    uint64_t cache_loads = 0;
    uint64_t cache_shared = 0;
    uint64_t redis_commands = 0;
    uint64_t redis_refused = 0;
    OverloadTotals overload;
    uint64_t breakers_opened = 0;
    uint64_t handshakes = 0;
  };

  // simulation.cc: the loop, users, laws.
  void Loop();
  void Dispatch(const Event& event);
  void ChangePopulation();
  void Think(uint32_t user);
  void ThinkOn(uint32_t user);
  void StopThinking(uint32_t user);
  void CountLive() {
    live_integral_ += static_cast<__int128>(Waiting()) * (now_ - live_since_);
    live_since_ = now_;
  }
  // Users whose request has not ended: an attempt is under way, or a pause before the next.
  uint64_t Waiting() const { return requests_.live() + backing_off_; }
  uint64_t Thinking() const;
  void Violation(const std::string& what);

  // sessions.cc: users that come and go by themselves, expired tokens.
  bool CountsSuffice() const;
  // The user to hand on: its class where users are counts.
  uint32_t Settled(uint32_t user) const;
  uint32_t NewUser();
  void Leave(uint32_t user);
  void Arrive();
  bool FirstStep(uint32_t user);
  bool NextJourney(uint32_t user);
  bool NextStep(uint32_t user);
  void Continue(uint32_t user, Outcome outcome);
  void IssueToken(uint32_t user, Nanos expiry);
  void RefreshFirst(uint32_t user);

  // cache_loads.cc
  bool LookUpKey(uint32_t request, bool at_worker);
  void EndFlight(uint32_t request);

  // retries.cc: attempts and requests.
  void Send(uint32_t user);
  void Conclude(uint32_t user, Nanos start, uint16_t operation, Outcome outcome);
  bool TryAgain(uint32_t user, Outcome outcome);
  bool EndBackoff(uint32_t user);
  void TimeOutOldest();
  __int128 LiveAges() const;
  bool WithinBudget(uint32_t user);
  uint64_t BreakerOf(uint32_t user) const;

  // overload.cc
  void Enqueue(uint32_t request, Nanos work, bool fresh);
  void Serve(uint32_t worker, uint32_t request, Nanos work, bool fresh);
  void WorkerFree(uint32_t worker);
  bool TooLate(uint32_t request) const;
  void Drop(uint32_t request, Nanos unserved);
  void TurnAway(uint32_t worker);
  bool MakeRoom(uint32_t worker);

  // request_path.cc
  void Attempt(uint32_t user);
  Nanos Admit(PodState& pod, FifoServer& cpu, Nanos service);
  Nanos AdmitAtWorker(uint32_t worker, Nanos service);
  void Reject(uint32_t user, uint16_t operation, Outcome outcome);
  void Disconnect(UserState& user);
  uint32_t Route(UserState& user);
  void AtWorker(uint32_t request);
  void AskRedis(uint32_t request);
  void SpareCommands(uint32_t request, uint32_t commands);
  void Load(uint32_t request, bool at_worker);
  void AfterRedis(uint32_t request, bool at_worker);
  void RoundTripDone(uint32_t request) override;
  void DatabaseFailed(uint32_t request) override {
    Dead(requests_[request]) ? DropDead(request) : BeforeAnswer(request);
  }
  void AuditDurable(uint32_t request) override { Hash(request); }
  void DatabaseEvent(const std::string& kind, const std::string& text) override {
    AddEvent(kind, "database", text, 0, 0);
  }
  bool DropLate(uint32_t request) override {
    if (!TooLate(request)) return false;
    Drop(request, 0);
    return true;
  }
  void SegmentAnswered(uint32_t request, bool at_worker);
  void BeforeAnswer(uint32_t request);
  void Hash(uint32_t request);
  void Answer(uint32_t request);

  // shared_host.cc: one machine's cores for everything.
  uint32_t Runnable() const;
  double Stretch(uint32_t runnable) const;
  Nanos AdmitOnHost(CpuQuota* quota, FifoServer& cpu, Nanos service);
  Nanos ClientSends();
  bool ClientReceives(uint32_t request);
  double CoresFor(size_t backends) const override;
  Nanos WorkerFree(uint32_t worker) const override;

  // wake_ups.cc: what the requests that a worker serves at once share.
  Nanos TurnCost(uint32_t worker);
  void Proceed(uint32_t request);
  void MiddleCpuDone(uint32_t request);

  // faults.cc: what the fault plan says.
  void StartFaults();
  void NextFailure(uint32_t process);
  void FaultProcessEvent(uint32_t process_and_failure);
  uint64_t Components(FaultKind kind) const;
  uint32_t ShardOf(uint32_t index);
  void BeginFault(uint32_t occurrence);
  void EndFault(uint32_t occurrence);

  // pod_failures.cc: processes that die, probes, endpoints.
  // The clock of the pods' CPU books: work while the speed changes, else time.
  Nanos CpuClock() const {
    return steady_ || system_.pod.limit_quota > 0 ? now_ : speed_.WorkBy(now_);
  }
  bool Listens(const PodState& pod) const;
  bool Unreachable(uint32_t request);
  void FailRequest(uint32_t request, Outcome outcome);
  void DropDead(uint32_t request);
  void KillPod(uint32_t pod, bool silent);
  void DropQueue(uint32_t worker);
  void ResetClients(uint32_t first_worker, uint32_t end_worker);
  void CloseConnections(uint32_t pod);
  void FeedStarvingPods();
  void RestartContainer(uint32_t pod, const std::string& why);
  void CrashPod(uint32_t pod, const std::string& why);
  void CrashPods(uint32_t count);
  void CheckMemory(uint32_t pod);
  double MemoryOf(const PodState& pod) const;
  void Unready(uint32_t pod);
  void UpdateEndpoints();
  void StartProbes(uint32_t pod, Nanos from);
  bool ProbeSucceeds(const PodState& pod, const ProbeModel& probe);
  void ProbeReadiness(uint32_t pod);
  void ProbeLiveness(uint32_t pod);

  // ingress.cc
  Nanos PassIngress(uint32_t user);
  void LoseIngress(uint32_t occurrence, uint32_t count);
  void ReturnIngress(uint32_t occurrence);

  // node_events.cc: scheduler, nodes that come and go, drain, rolling update.
  void PushCluster(Nanos at, ClusterEvent event, uint32_t value);
  void DispatchCluster(uint32_t index);
  void PlaceOtherWorkloads();
  void Schedule(uint32_t pod);
  void SchedulePending();
  void LeaveNode(PodState& pod);
  void ScanForNodes();
  void NodeUp();
  std::vector<uint32_t> PodsOn(uint32_t node) const;
  std::vector<uint32_t> DrawNodes(uint32_t count);
  void LoseNodes(uint32_t occurrence, const std::vector<uint32_t>& lost);
  void NodeNotReady(uint32_t node);
  void EvictFromLostNode(uint32_t node);
  void NodesBack(uint32_t occurrence);
  void LoseZone(uint32_t occurrence, uint32_t zone);
  void Drain(uint32_t occurrence, const std::vector<uint32_t>& drained);
  void StepDrain(uint32_t node);
  void StartRollout();
  void StepRollout();

  // cluster.cc: pods, scaling; measurement.cc: steps, the window, laws.
  void StartCluster();
  uint32_t AddContainer();
  Nanos StartDelay(base::RandomStream& random) const;
  void CreatePod(bool running_already);
  void PodRunning(uint32_t pod);
  void PodReady(uint32_t pod);
  void PodGone(uint32_t pod);
  void TerminatePod(uint32_t pod);
  void OpenConnections(uint32_t pod, bool established);
  void Kubelet(uint32_t pod);
  void RebuildReadyWorkers();
  void Synchronise();
  void SampleForVertical();
  void Resize(uint32_t desired, const std::string& reason);
  void ControlEvent(uint32_t control);
  void StartRedis();
  void WatchRedis();
  void RedisChange();
  void EndStep();
  Nanos ShardStep(const Totals& totals);
  void ShardUses(const Totals& totals);
  void BeginWindow();
  void EndWindow();
  Totals TakeTotals();
  double PodBusy(const PodState& pod) const;
  void AccrueCapacity();
  void AddEvent(const std::string& kind, const std::string& subject, const std::string& text,
                double from, double to);

  const Workload& workload_;
  const SystemModel& system_;
  const RunOptions& options_;
  const uint32_t replication_;
  Nanos now_ = 0;
  Nanos end_ = 0;
  Nanos window_start_ = 0;

  EventQueue queue_;
  std::vector<ThinkingUsers> memoryless_;
  std::vector<int> law_pool_;  // per law: index into memoryless_, -1: the wheel
  TimingWheel wheel_;
  PopulationPlan plan_;  // closed
  std::vector<UserState> users_;
  std::vector<uint32_t> idle_users_;  // left, may come back
  uint64_t active_ = 0;
  uint64_t leaving_ = 0;
  uint64_t arrived_ = 0;  // whole run
  uint64_t departures_ = 0;
  std::vector<uint32_t> left_;        // partly open: journeys or requests still to do
  std::vector<Nanos> expiry_;         // of the user's token
  std::vector<UserState> suspended_;  // where a refreshing user goes on

  RequestTable requests_;
  std::vector<Worker> workers_;
  RedisTier redis_;
  std::unique_ptr<RedisScaler> redis_scaler_;  // where its nodes are scaled
  std::unique_ptr<KeyedCache> keyed_;          // where each key of the cache is simulated
  Nanos redis_watch_ = kNever;                 // when it is looked at again
  bool refuses_ = false;                       // commands to Redis may be refused
  FifoServer ingress_;
  SpeedProfile ingress_speed_;
  std::unique_ptr<IngressClients> clients_;  // null: connections cost nothing
  DatabaseTier database_;
  SpeedProfile speed_;     // of the pods' CPU
  bool steady_;            // that speed never changes
  FifoServer client_cpu_;  // of the load generator, on a shared host

  std::vector<Fault> faults_;  // occurrences: the plan's, then those that processes brought
  std::vector<base::RandomStream> fault_times_;  // per process
  base::RandomStream fault_targets_;

  bool retrying_;             // the scenario repeats failed requests
  std::vector<Tries> tries_;  // per user; empty without retries
  uint64_t backing_off_ = 0;
  double tokens_ = 0;  // of the retry budget
  struct ClientWorker {
    uint64_t requests = 0;
    uint64_t repeats = 0;
  };
  std::vector<ClientWorker> client_workers_;  // empty: one bucket
  std::unique_ptr<CircuitBreakers> breakers_;

  std::vector<Queue> queues_;  // per worker; empty without overload control
  uint32_t worker_limit_;      // requests inside one worker
  bool resilience_;            // overload control or breakers: their figures are recorded
  OverloadTotals overload_;

  std::vector<PodState> pods_;
  std::vector<uint32_t> ready_workers_;
  uint32_t desired_ = 0;
  uint32_t starving_pods_ = 0;
  bool disturbed_ = false;  // some pod died, was told to stop, or is no longer ready
  uint32_t revision_ = 0;   // of the Deployment
  bool rolling_ = false;    // an update is under way
  NodePool nodes_;
  std::vector<Nanos> node_lost_at_;
  std::map<uint32_t, std::vector<uint32_t>> fault_nodes_;  // by occurrence
  std::vector<uint32_t> pending_;                          // pods without a node
  uint32_t starting_nodes_ = 0;
  bool scanning_ = false;
  std::unique_ptr<Scaler> scaler_;
  VerticalRecommender vertical_;
  std::string held_by_;  // what kept the autoscaler's last decision from following its metrics

  Recorder recorder_;
  Totals step_totals_;
  Totals window_totals_;
  uint64_t started_ = 0;
  uint64_t attempts_ = 0;
  uint64_t answers_ = 0;
  uint64_t wasted_ = 0;
  uint64_t turns_ = 0;
  uint64_t wake_ups_ = 0;
  uint64_t connected_ = 0;
  uint64_t kernel_events_ = 0;
  double gone_busy_ = 0;  // of pods that no longer exist
  double capacity_ = 0;
  Nanos capacity_since_ = 0;
  uint32_t ready_pods_ = 0;
  __int128 live_integral_ = 0;
  Nanos live_since_ = 0;
  __int128 ages_at_start_ = 0;
  __int128 live_at_start_ = 0;
  Nanos cpu_drawn_ = 0;    // worker nanoseconds
  Nanos cpu_pending_ = 0;  // drawn, second half not yet admitted
  Nanos cpu_dropped_ = 0;  // drawn, never to be done

  base::RandomStream journey_random_;
  base::RandomStream think_random_;
  base::RandomStream route_random_;
  base::RandomStream cpu_random_;
  base::RandomStream pod_random_;
  base::RandomStream restart_random_;
  base::RandomStream probe_random_;
  base::RandomStream retry_random_;
  base::RandomStream session_random_;
  base::RandomStream token_random_;
  ArrivalProcess arrivals_;  // open and partly open
  Nanos next_change_;        // of plan_ or arrivals_
  bool refreshing_;          // tokens expire
  bool counted_;             // a "user" is the step at which it stands
  bool plain_;               // closed users without tokens: they only walk journeys
};

}  // namespace simulator
