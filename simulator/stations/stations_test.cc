#include <cmath>

#include "base/random.h"
#include "gtest/gtest.h"
#include "simulator/kernel/event_queue.h"
#include "simulator/stations/cpu_quota.h"
#include "simulator/stations/demand.h"
#include "simulator/stations/event_loop.h"
#include "simulator/stations/fifo_server.h"
#include "simulator/stations/flush_law.h"
#include "simulator/stations/group_commit.h"
#include "simulator/stations/shared_processor.h"
#include "simulator/stations/speed_profile.h"

namespace simulator {
namespace {

// Mean sojourn of `customers` in an open queue with Poisson arrivals; seconds.
template <typename Station>
double MeanSojourn(Station& station, double lambda, DemandLaw service, int customers) {
  base::RandomStream arrivals(3, 0, "test", "arrivals");
  base::RandomStream services(3, 0, "test", "services");
  Nanos now = 0;
  double sum = 0;
  for (int i = 0; i < customers; ++i) {
    now += ToNanos(arrivals.Exponential(1 / lambda));
    sum += ToSeconds(station.Admit(now, ToNanos(service.Sample(services))) - now);
  }
  return sum / customers;
}

TEST(FifoServerTest, IsMM1) {
  FifoServer server;
  EXPECT_NEAR(MeanSojourn(server, 70, DemandLaw(0.01, 1), 2000000), 1.0 / 30, 0.02 / 30);
}

TEST(FifoServerTest, IsMG1ByPollaczekKhinchine) {
  for (double scv : {0.0, 4.0}) {
    FifoServer server;
    const double exact = 0.01 + 0.7 * 0.01 * (1 + scv) / (2 * 0.3);
    EXPECT_NEAR(MeanSojourn(server, 70, DemandLaw(0.01, scv), 2000000), exact, 0.03 * exact);
  }
}

TEST(CpuQuotaTest, RunsAtFullSpeedUntilTheQuotaIsUsedUp) {
  CpuQuota quota(100, 30);
  EXPECT_EQ(quota.Finish(0, 0, 20), 20);     // within the quota
  EXPECT_EQ(quota.Finish(20, 20, 25), 115);  // 10 more, then 15 in the next period
  EXPECT_EQ(quota.Finish(120, 120, 0), 120);
  EXPECT_EQ(quota.Finish(120, 120, 60), 315);  // 15 left, 30, 15
  EXPECT_EQ(quota.Finish(500, 590, 20), 610);  // the period ends first
  EXPECT_EQ(quota.Finish(500, 610, 20), 630);
  EXPECT_EQ(quota.Finish(500, 630, 1), 701);
}

TEST(CpuQuotaTest, KnowsWhenWorkStandsStill) {
  CpuQuota quota(100, 30);
  EXPECT_FALSE(CpuQuota(0, 0).Throttled(5));  // no limit
  EXPECT_FALSE(quota.Throttled(0));
  quota.Finish(10, 10, 50);  // 10 to 40, then 100 to 120
  EXPECT_FALSE(quota.Throttled(39));
  EXPECT_TRUE(quota.Throttled(40));
  EXPECT_TRUE(quota.Throttled(99));
  EXPECT_FALSE(quota.Throttled(100));
  quota.Finish(120, 120, 10);  // just what is left
  EXPECT_FALSE(quota.Throttled(129));
  EXPECT_TRUE(quota.Throttled(130));
}

TEST(CpuQuotaTest, ServersShareIt) {
  CpuQuota quota(100, 50);
  EXPECT_EQ(quota.Finish(0, 0, 40), 40);
  EXPECT_EQ(quota.Finish(0, 0, 40), 130);
}

// In the long run a limit is a slower CPU, whatever its period.
TEST(CpuQuotaTest, BusyForeverItHasTheSpeedOfTheLimit) {
  CpuQuota quota(5 * kMillisecond, 2 * kMillisecond);
  Nanos now = 0;
  for (int i = 0; i < 10000; ++i) now = quota.Finish(now, now, 700'000);
  EXPECT_NEAR(ToSeconds(now), 10000 * 0.0007 / 0.4, 0.005);
}

TEST(FifoServerTest, BusyTimeIsTheWorkDone) {
  FifoServer server;
  server.Admit(100, 50);
  server.Admit(120, 30);  // starts at 150
  EXPECT_EQ(server.BusyUntil(130), 30);
  EXPECT_EQ(server.Backlog(130), 50);
  EXPECT_EQ(server.BusyUntil(500), 80);
}

// M/M/4 at rho = 0.8: Erlang C = 0.5964..., W = 1/mu + C / (c mu - lambda).
TEST(FifoMultiServerTest, IsMMc) {
  FifoMultiServer servers(4);
  const double a = 3.2;
  double b = 1;
  for (int i = 1; i <= 4; ++i) b = a * b / (i + a * b);
  const double wait = b / (1 - 0.8 * (1 - b));
  const double exact = 0.01 + wait / (400 - 320);
  EXPECT_NEAR(MeanSojourn(servers, 320, DemandLaw(0.01, 1), 2000000), exact, 0.02 * exact);
}

// Sojourn in M/G/1-PS is s / (1 - rho) for every service law.
TEST(SharedProcessorTest, ProcessorSharingIsInsensitive) {
  for (double scv : {0.0, 1.0, 4.0}) {
    SharedProcessor processor({0, 1});
    base::RandomStream arrivals(5, 0, "test", "arrivals");
    base::RandomStream services(5, 0, "test", "services");
    const DemandLaw law(1e7, scv);
    std::vector<Nanos> entered(1 << 16);
    Nanos arrival = 0;
    double sum = 0;
    constexpr int kCustomers = 600000;
    for (int in = 0, out = 0; out < kCustomers;) {
      if (arrival <= processor.NextTime()) {
        entered[in & 0xffff] = arrival;
        processor.Enter(arrival, law.Sample(services), in++ & 0xffff);
        arrival += ToNanos(arrivals.Exponential(1.0 / 70));
      } else {
        const Nanos now = processor.NextTime();
        sum += ToSeconds(now - entered[processor.Depart(now)]);
        ++out;
      }
    }
    EXPECT_NEAR(sum / kCustomers, 0.01 / 0.3, 0.03 * 0.01 / 0.3) << scv;
  }
}

TEST(SharedProcessorTest, ContentionSlowsEverybody) {
  const std::vector<double> table = SharedProcessor::ContentionTable(4, 0.1, 0.01, 10);
  EXPECT_DOUBLE_EQ(table[1], 1);
  EXPECT_DOUBLE_EQ(table[2], 2 / (1 + 0.1 + 0.02));
  SharedProcessor processor(table);
  processor.Enter(0, 1000, 1);
  processor.Enter(0, 1000, 2);
  const Nanos done = processor.NextTime();
  EXPECT_NEAR(done, 1120, 1);  // rounded up
  EXPECT_EQ(processor.Depart(done), 1u);
  EXPECT_EQ(processor.NextTime(), done);
  EXPECT_EQ(processor.Depart(done), 2u);
  EXPECT_NEAR(processor.ServiceGiven(done), 2000, 2);
  EXPECT_EQ(processor.NextTime(), kNever);
}

TEST(GroupCommitTest, CommitsRideOnTheNextFlush) {
  GroupCommit log;
  const auto flush = [] { return Nanos{100}; };
  EXPECT_EQ(log.Admit(0, flush), 100);
  EXPECT_EQ(log.Admit(10, flush), 200);
  EXPECT_EQ(log.Admit(99, flush), 200);
  EXPECT_EQ(log.Admit(150, flush), 300);
  EXPECT_EQ(log.Admit(250, flush), 400);
  EXPECT_EQ(log.Admit(1000, flush), 1100);
  EXPECT_EQ(log.BusyUntil(1050), 450);
}

// An idle loop is woken; what comes while it works shares the next turn.
TEST(EventLoopTest, EventsShareTheTurnTheyWaitFor) {
  EventLoop loop;
  FifoServer cpu;
  const auto enter = [&](Nanos now) {
    const EventLoop::Entry entry = loop.Enter(now, cpu.free_at());
    cpu.Admit(now, 100);
    return entry;
  };
  EXPECT_EQ(enter(10), EventLoop::kWakes);   // works until 110
  EXPECT_EQ(enter(20), EventLoop::kOpens);   // turn from 110 on
  EXPECT_EQ(enter(109), EventLoop::kJoins);  // .. with two events, until 310
  EXPECT_EQ(enter(150), EventLoop::kOpens);  // turn from 310 on
  EXPECT_EQ(enter(309), EventLoop::kJoins);  // .. until 510
  EXPECT_EQ(enter(510), EventLoop::kJoins);  // the work that just ended goes on
  EXPECT_EQ(enter(1000), EventLoop::kWakes);
}

TEST(FlushLawTest, DrawsFromQuantilesOrIsConstant) {
  base::RandomStream random(9, 0, "test", "flush");
  const auto constant = FlushLaw::Create(1e-6, {});
  ASSERT_TRUE(constant.ok());
  EXPECT_EQ(constant->Sample(random), 1000);
  // A tenth of all flushes take 1 to 11 us, evenly; the others 1 us: mean 1.5.
  std::vector<double> quantiles(10, 1e-6);
  quantiles.push_back(11e-6);
  const auto law = FlushLaw::Create(0, quantiles);
  ASSERT_TRUE(law.ok());
  EXPECT_NEAR(law->mean(), 1500, 1e-6);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) sum += static_cast<double>(law->Sample(random));
  EXPECT_NEAR(sum / 100000, 1500, 30);
  EXPECT_FALSE(FlushLaw::Create(0, {2, 1}).ok());
  EXPECT_FALSE(FlushLaw::Create(0, {1}).ok());
}

TEST(DemandLawTest, HasItsMoments) {
  for (double scv : {0.0, 0.3, 1.0, 5.0}) {
    base::RandomStream random(9, 0, "test", "demand");
    const DemandLaw law(2.0, scv);
    double sum = 0, squares = 0;
    constexpr int kN = 1000000;
    for (int i = 0; i < kN; ++i) {
      const double x = law.Sample(random);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kN;
    EXPECT_NEAR(mean, 2.0, 0.02);
    EXPECT_NEAR(squares / kN / mean / mean - 1, scv, 0.1 * scv + 1e-9);
  }
  EXPECT_DOUBLE_EQ(CountLaw(2.25).mean(), 2.25);
}

TEST(SpeedProfileTest, TimeAndWorkAreInverse) {
  const SpeedProfile speed(100 * kSecond, 30 * kSecond, 0.5);
  EXPECT_EQ(speed.WorkBy(40 * kSecond), 40 * kSecond);
  EXPECT_EQ(speed.WorkBy(110 * kSecond), 105 * kSecond);
  EXPECT_EQ(speed.WorkBy(200 * kSecond), 185 * kSecond);
  for (Nanos second : {0, 99, 100, 101, 129, 130, 131, 500}) {
    EXPECT_EQ(speed.TimeOf(speed.WorkBy(second * kSecond)), second * kSecond);
  }
  EXPECT_TRUE(SpeedProfile().constant());
  EXPECT_FALSE(speed.constant());
  const SpeedProfile halt(10 * kSecond, 5 * kSecond, 0);
  EXPECT_EQ(halt.TimeOf(halt.WorkBy(12 * kSecond) + kSecond), 16 * kSecond);
}

TEST(SpeedProfileTest, SeveralSlowdownsAddUp) {
  SpeedProfile speed(100 * kSecond, 30 * kSecond, 0.5);
  speed.Slow(130 * kSecond, 10 * kSecond, 0);
  speed.Slow(200 * kSecond, 10 * kSecond, 2);
  EXPECT_EQ(speed.WorkBy(150 * kSecond), 125 * kSecond);
  EXPECT_EQ(speed.WorkBy(210 * kSecond), 195 * kSecond);
  for (Nanos second : {0, 100, 110, 129, 141, 150, 203, 210, 500}) {
    EXPECT_EQ(speed.TimeOf(speed.WorkBy(second * kSecond)), second * kSecond);
  }
  EXPECT_EQ(speed.SpeedAt(135 * kSecond), 0);
  EXPECT_EQ(speed.SpeedAt(140 * kSecond), 1);
}

// Work admitted before a slowdown is slowed too, work admitted in it runs at full speed after it.
TEST(SpeedProfileTest, ChangesWhatIsAlreadyAdmitted) {
  const SpeedProfile speed(10 * kSecond, 10 * kSecond, 0.5);
  FifoServer server;
  const auto admit = [&](Nanos now, Nanos service) {
    return speed.TimeOf(server.Admit(speed.WorkBy(now), service));
  };
  EXPECT_EQ(admit(8 * kSecond, 4 * kSecond), 14 * kSecond);  // 2 s before, 2 s at half speed
  EXPECT_EQ(admit(15 * kSecond, 5 * kSecond), 22500 * kMillisecond);  // 2.5 s by 20 s
}

}  // namespace
}  // namespace simulator
