#include "simulator/planning/stations_at_rate.h"

#include <algorithm>
#include <cmath>

#include "simulator/planning/station_load.h"

namespace simulator {
namespace {

constexpr double kNanosecond = 1e-9;
constexpr double kSaturated = 1e300;
constexpr int kRounds = 24;  // of the hold that follows from itself

double Seconds(Nanos time) { return static_cast<double>(time) * kNanosecond; }

// All stations at one rate of requests.
class Network {
 public:
  // `seen`: the share of the rate that an arrival meets.
  Network(const SystemModel& system, uint32_t pods, const MixDemand& demand, double rate,
          double seen)
      : system_(system),
        pods_(std::max(1u, pods)),
        workers_(static_cast<double>(pods_) * std::max(1u, system.pod.workers)),
        demand_(demand),
        rate_(rate),
        seen_(seen) {}

  LoadEstimate Solve() {
    estimate_.throughput = rate_;
    Database();
    Workers();  // whom a batch of audit records wakes once, so the database comes first
    Ingress();
    Redis();
    Hashing();
    estimate_.response_seconds += Seconds(system_.client_round_trip);
    if (estimate_.saturated) estimate_.response_seconds = kSaturated;
    return std::move(estimate_);
  }

 private:
  void Add(const char* name, double demand, double utilisation, double response) {
    if (demand <= 0) return;
    estimate_.stations.push_back({name, demand, utilisation, response});
    estimate_.response_seconds += response;
    if (!(response < kSaturated) || utilisation > 1 + 1e-9) estimate_.saturated = true;
  }

  void Ingress() {
    if (system_.ingress_cores <= 0) return;
    const double service = Seconds(system_.ingress_cpu);
    const double load = rate_ * service;
    const double wait = load < 1 ? seen_ * load * service / 2 / (1 - seen_ * load) : kSaturated;
    Add("ingress_cpu", service * system_.ingress_cores, load, service + wait);
  }

  void Workers() {
    const PodModel& pod = system_.pod;
    EventLoopStation station;
    station.rate = rate_ * demand_.visits / workers_;
    station.seen_rate = station.rate * seen_;
    station.work = demand_.server / demand_.visits / pod.worker_speed;
    station.second_moment = demand_.visit_second_moment / pod.worker_speed / pod.worker_speed;
    const double slower = pod.run_speed / pod.worker_speed;  // wake-ups are given at run speed
    // Answers that come together wake the worker once and form one turn.
    const double apart = 1 - (demand_.audits - batches_) / demand_.visits;
    station.wake_up = Seconds(system_.wake.server) * slower * apart;
    station.turn = Seconds(system_.wake.turn) * slower * apart;
    const EventLoopLoad load = Load(station);
    estimate_.wake_ups = load.wake_ups * apart * demand_.visits;
    const double service = load.service * demand_.visits;
    Add("server_cpu", service * pod.worker_speed, load.busy,
        load.saturated ? kSaturated : load.wait * demand_.visits + service / slower);
  }

  // A command's answer; those of one request go out together, the last to come back counts.
  void Redis() {
    if (demand_.redis <= 0) return;
    const double busy = demand_.redis / demand_.redis_commands;
    double wait = 0;
    double most = 0;
    double before = 0;
    for (const double cumulative : system_.shard_cumulative) {
      const double share = cumulative - before;
      before = cumulative;
      const double load = rate_ * demand_.redis * share;
      most = std::max(most, load);
      wait += load < 1 ? share * seen_ * load * busy / 2 / (1 - seen_ * load) : kSaturated;
    }
    const double answer = Seconds(system_.round_trip) + busy + wait;
    Add("redis_shard_max", most / std::max(rate_, 1e-300), most,
        std::min(kSaturated, demand_.redis_requests * answer));
  }

  // Audit records ride in batches of their worker; commits and batches share the log's flush.
  void Audits(double active_per_work) {
    const DatabaseModel& database = system_.database;
    const double insert = Seconds(database.audit_insert + database.round_trip);
    const double own = (database.audit_batch + database.audit_row) * kNanosecond;
    const double work = database.audit_batch > 0 ? own * active_per_work : 0;
    const double time = insert + work + (database.commit_waits ? commit_.response : 0);
    audit_ = LoadOfGroup(rate_ * demand_.audits / workers_, time);
    batches_ = demand_.audits / audit_.batch;
    if (database.audit_batch <= 0) return;
    audit_work_ =
        (batches_ * database.audit_batch + demand_.audits * database.audit_row) * kNanosecond;
  }

  void Commits() {
    const DatabaseModel& database = system_.database;
    commit_ = GroupLoad();
    if (!database.commit_waits || database.flush <= 0) return;
    commit_ = LoadOfGroup(rate_ * (demand_.commits + batches_), Seconds(database.flush));
    if (!database.synchronous_standby) return;
    commit_.response += Seconds(database.standby_round_trip + database.standby_flush);
  }

  double FlushOf() const {
    return demand_.commits * commit_.response +
           demand_.extra_commits * Seconds(system_.database.flush);
  }

  // The database when a segment holds its server connection for `hold`.
  struct DatabaseState {
    double work = 0;     // of a request
    double stretch = 1;  // seconds at the processors per second of work
    double hold = 0;     // that follows
    ProcessorLoad load;
    Waiting pool;
    Waiting pooler{0, 0};
  };
  DatabaseState DatabaseAt(double hold, double stretch) {
    const DatabaseModel& database = system_.database;
    DatabaseState state;
    Commits();
    state.pooler = PoolerWait(hold);
    state.pool =
        ErlangC(SegmentRate(), hold + state.pooler.wait, system_.pod.connections_per_worker);
    // Who finds a connection free finds its backend asleep.
    const double asleep = 1 - (database.pooled ? state.pooler : state.pool).probability;
    const double segments = demand_.segment_work + demand_.segments * asleep * database_wake_up();
    const double alone = 1 / std::min(1.0, database.cores);
    state.stretch = stretch;
    if (segments > 0) {
      state.stretch = std::max(alone, (demand_.segments * hold - FlushOf()) / segments);
    }
    Audits(state.stretch);
    state.work = segments + audit_work_;
    state.load = LoadOfDatabase(database, rate_ * state.work, Backends());
    double shared = alone;
    if (rate_ * seen_ * state.work > 0) {
      const ProcessorLoad met = LoadOfDatabase(database, rate_ * state.work * seen_, Backends());
      shared = met.active / (rate_ * seen_ * state.work);
    }
    if (segments <= 0) state.stretch = shared;
    if (demand_.segments > 0) state.hold = (segments * shared + FlushOf()) / demand_.segments;
    if (state.load.saturated) state.hold = kSaturated;
    return state;
  }

  // The longer connections are held, the fewer backends sleep and must be woken, and the less work
  // there is: one hold follows from itself. Where the work with that many wake-ups is just what the
  // processors can do, it is longer than processor sharing alone would make it.
  void Database() {
    if (demand_.segments <= 0 && demand_.audits <= 0) return;
    double low = 0;
    double high = std::min(1e6, system_.pod.connections_per_worker / std::max(1e-9, SegmentRate()));
    DatabaseState state = DatabaseAt(high, 1);
    bool found = state.hold <= high;
    if (const DatabaseState calm = DatabaseAt(0, 1); calm.hold < high) {
      high = calm.hold;  // with everybody asleep: it cannot be longer
      found = true;
    }
    for (int i = 0; i < kRounds && found; ++i) {
      const double hold = (low + high) / 2;
      const DatabaseState tried = DatabaseAt(hold, state.stretch);
      (tried.hold > hold ? low : high) = hold;
      if (!tried.load.saturated) state = tried;
    }
    hold_ = high;
    if (found) state = DatabaseAt(high, state.stretch);
    const double held = demand_.segments * hold_ - FlushOf() + audit_work_ * state.stretch;
    Add("database_cpu", state.work, state.load.cores_busy / system_.database.cores,
        found ? held : kSaturated);
    if (!found) return;
    Pool(state.pool, state.pooler);
    estimate_.response_seconds +=
        demand_.segments * Seconds(system_.database.round_trip) + FlushOf();
    // Of the audit its processors' part is in database_cpu already.
    estimate_.response_seconds += demand_.audits * audit_.response - audit_work_ * state.stretch;
  }

  double SegmentRate() const { return rate_ * seen_ * demand_.segments / workers_; }
  uint64_t Backends() const {
    const DatabaseModel& database = system_.database;
    const uint64_t own = uint64_t{system_.pod.connections_per_worker} * system_.pod.workers * pods_;
    const uint64_t there = database.pooled ? std::min<uint64_t>(own, ServerConnections()) : own;
    return std::min<uint64_t>(there, std::max(1u, database.usable_connections));
  }

  void Pool(const Waiting& pool, const Waiting& pooler) {
    const DatabaseModel& database = system_.database;
    if (demand_.segments > 0) {
      const double servers = workers_ * std::max(1u, system_.pod.connections_per_worker);
      const double held = demand_.segments * (hold_ + pooler.wait);
      Add("database_pool", held, rate_ * held / servers, demand_.segments * pool.wait);
    }
    if (!database.pooled) return;
    Add("pooler_cpu", demand_.pooler, rate_ * demand_.pooler / database.pooler_processes,
        demand_.segments * pooler.wait + demand_.pooler);
  }

  double database_wake_up() const { return system_.wake.database * kNanosecond; }
  uint64_t ServerConnections() const {
    return uint64_t{system_.database.pooler_processes} * system_.database.pooler_pool_size;
  }

  // PgBouncer: its thread, then one of its server connections.
  Waiting PoolerWait(double hold) const {
    const DatabaseModel& database = system_.database;
    if (!database.pooled || demand_.segments <= 0) return {0, 0};
    const double rate = rate_ * seen_ * demand_.segments / database.pooler_processes;
    const double query = Seconds(database.pooler_query);
    const double load = rate * query;
    if (load >= 1) return {};
    Waiting waiting = ErlangC(rate, hold, database.pooler_pool_size);
    waiting.wait = std::min(kSaturated, waiting.wait + load * query / 2 / (1 - load));
    return waiting;
  }

  void Hashing() {
    if (demand_.hashing <= 0) return;
    const double speed = system_.pod.run_speed;
    const double rate = rate_ * demand_.hashing_requests / pods_;
    const double service = demand_.hashing / demand_.hashing_requests / speed;
    const double load = rate * service;
    const double squares = demand_.hashing_second_moment / speed / speed;
    const double wait = load < 1 ? seen_ * rate * squares / 2 / (1 - seen_ * load) : kSaturated;
    Add("hashing", demand_.hashing / speed, load,
        std::min(kSaturated, demand_.hashing_requests * (wait + service)));
  }

  const SystemModel& system_;
  const uint32_t pods_;
  const double workers_;
  const MixDemand& demand_;
  const double rate_;
  const double seen_;
  LoadEstimate estimate_;
  GroupLoad commit_;
  GroupLoad audit_;
  double batches_ = 0;     // of audit records, per request
  double audit_work_ = 0;  // of the database, per request
  double hold_ = 0;        // of a server connection, per segment
};

}  // namespace

LoadEstimate StationsAtRate(const SystemModel& system, uint32_t pods, const MixDemand& demand,
                            double rate, double seen) {
  return Network(system, pods, demand, rate, seen).Solve();
}

}  // namespace simulator
