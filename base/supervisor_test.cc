#include "base/supervisor.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "base/listener.h"
#include "base/process_cpu.h"
#include "gtest/gtest.h"

namespace base {
namespace {

// What supervisor, workers and test tell each other.
struct Shared {
  std::atomic<int> pid[4];
  std::atomic<int> starts;
  std::atomic<int> drained;
};

Shared* MakeShared() {
  return static_cast<Shared*>(
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

template <typename Condition>
bool Eventually(Condition condition, absl::Duration limit = absl::Seconds(5)) {
  for (const absl::Time end = absl::Now() + limit; absl::Now() < end;) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return false;
}

volatile sig_atomic_t term_seen = 0;

// A minimal server: answers each connection with its pid, until SIGTERM.
int Serve(const WorkerContext& worker, Shared* shared) {
  signal(SIGTERM, [](int) { term_seen = 1; });
  ++shared->starts;
  shared->pid[worker.index] = getpid();
  while (term_seen == 0) {
    pollfd polled = {worker.listener_fd, POLLIN, 0};
    if (poll(&polled, 1, 10) <= 0) continue;
    const UniqueFd connection(accept(worker.listener_fd, nullptr, nullptr));
    const std::string answer = std::to_string(getpid());
    [[maybe_unused]] const ssize_t n = send(connection.get(), answer.data(), answer.size(), 0);
  }
  ++shared->drained;
  return 0;
}

// Runs Supervise in a child of its own; its exit code is the status code.
pid_t ForkSupervisor(const SupervisorOptions& options, const WorkerMain& worker_main) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const absl::Status status = Supervise(options, worker_main);
  if (!status.ok()) fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  _exit(static_cast<int>(status.code()));
}

absl::StatusCode WaitFor(pid_t supervisor) {
  int status = 0;
  waitpid(supervisor, &status, 0);
  return WIFEXITED(status) ? static_cast<absl::StatusCode>(WEXITSTATUS(status))
                           : absl::StatusCode::kUnknown;
}

UniqueFd Connect(int port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit = {5, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fd.Reset();
  return fd;
}

int Answer(const UniqueFd& fd) {
  char buffer[32] = {};
  return recv(fd.get(), buffer, sizeof(buffer) - 1, 0) > 0 ? std::atoi(buffer) : -1;
}

TEST(SupervisorTest, DeadWorkerIsReplacedAndTheQueuedConnectionIsServed) {
  Shared* shared = MakeShared();
  auto listener = CreateListener({});
  ASSERT_TRUE(listener.ok());
  const int port = *ListenerPort(listener->get());
  SupervisorOptions options;
  options.workers = 1;
  options.make_listener = [&](int) { return std::move(listener); };
  const pid_t supervisor =
      ForkSupervisor(options, [&](const WorkerContext& worker) { return Serve(worker, shared); });
  listener->Reset();  // Only supervisor and worker hold it now.
  ASSERT_TRUE(Eventually([&] { return shared->pid[0] != 0; }));
  const int first = shared->pid[0];
  EXPECT_EQ(Answer(Connect(port)), first);

  kill(first, SIGSTOP);  // So that it cannot accept what follows.
  const UniqueFd queued = Connect(port);
  ASSERT_TRUE(queued.valid());
  kill(first, SIGKILL);
  const int second = Answer(queued);
  EXPECT_GT(second, 0);
  EXPECT_NE(second, first);
  EXPECT_EQ(shared->starts, 2);

  kill(supervisor, SIGTERM);
  EXPECT_EQ(WaitFor(supervisor), absl::StatusCode::kOk);
  EXPECT_EQ(shared->drained, 1);
  EXPECT_FALSE(Connect(port).valid());
}

TEST(SupervisorTest, WorkersDieWithAKilledSupervisor) {
  Shared* shared = MakeShared();
  SupervisorOptions options;
  options.workers = 2;
  const pid_t supervisor = ForkSupervisor(options, [&](const WorkerContext& worker) {
    shared->pid[worker.index] = getpid();
    pause();
    return 0;
  });
  ASSERT_TRUE(Eventually([&] { return shared->pid[0] != 0 && shared->pid[1] != 0; }));
  kill(supervisor, SIGKILL);
  WaitFor(supervisor);
  for (int i = 0; i < 2; ++i) {
    const pid_t pid = shared->pid[i];
    EXPECT_TRUE(Eventually([&] { return !ProcessRuns(pid); })) << pid;
  }
}

TEST(SupervisorTest, StubbornWorkersAreKilledAtTheDeadline) {
  Shared* shared = MakeShared();
  SupervisorOptions options;
  options.workers = 1;
  options.drain_deadline = absl::Milliseconds(100);
  const pid_t supervisor = ForkSupervisor(options, [&](const WorkerContext& worker) {
    signal(SIGTERM, SIG_IGN);
    shared->pid[worker.index] = getpid();
    while (true) pause();
    return 0;
  });
  ASSERT_TRUE(Eventually([&] { return shared->pid[0] != 0; }));
  kill(supervisor, SIGINT);
  EXPECT_EQ(WaitFor(supervisor), absl::StatusCode::kDeadlineExceeded);
}

TEST(SupervisorTest, RestartStormEndsWithAnError) {
  Shared* shared = MakeShared();
  SupervisorOptions options;
  options.workers = 1;
  options.max_restarts = 3;
  const pid_t supervisor = ForkSupervisor(options, [&](const WorkerContext&) {
    ++shared->starts;
    return 1;
  });
  EXPECT_EQ(WaitFor(supervisor), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(shared->starts, 4);
}

TEST(SupervisorTest, BatchRunsToCompletionAndNoticesFailure) {
  Shared* shared = MakeShared();
  SupervisorOptions options;
  options.workers = 3;
  options.run_to_completion = true;
  EXPECT_EQ(WaitFor(ForkSupervisor(options,
                                   [&](const WorkerContext&) {
                                     ++shared->starts;
                                     return 0;
                                   })),
            absl::StatusCode::kOk);
  EXPECT_EQ(shared->starts, 3);
  EXPECT_EQ(WaitFor(ForkSupervisor(options,
                                   [](const WorkerContext& worker) {
                                     if (worker.index == 1) return 5;
                                     pause();
                                     return 0;
                                   })),
            absl::StatusCode::kAborted);
}

TEST(SupervisorTest, GaugesOfADeadWorkerAreResetAndCountersGoOn) {
  CounterLayout layout;
  const size_t requests = layout.Add("requests");
  const size_t open = layout.AddGauge("open");
  auto counters = SharedCounters::Create(layout, 1);
  ASSERT_TRUE(counters.ok());
  SupervisorOptions options;
  options.workers = 1;
  options.counters = &*counters;
  const pid_t supervisor = ForkSupervisor(options, [&](const WorkerContext& worker) {
    CounterSlot slot = counters->slot(worker.index);
    slot.Add(requests);
    slot.Add(open);
    if (worker.incarnation == 0) return 1;
    pause();
    return 0;
  });
  ASSERT_TRUE(Eventually([&] { return counters->Sum(requests) == 2; }));
  EXPECT_TRUE(Eventually([&] { return counters->Sum(open) == 1; }));
  kill(supervisor, SIGTERM);
  EXPECT_EQ(WaitFor(supervisor), absl::StatusCode::kOk);
}

TEST(SupervisorTest, TickErrorsStopEverything) {
  SupervisorOptions options;
  options.workers = 1;
  options.on_tick = [] { return absl::UnavailableError("the database has ended"); };
  EXPECT_EQ(WaitFor(ForkSupervisor(options,
                                   [](const WorkerContext&) {
                                     pause();
                                     return 0;
                                   })),
            absl::StatusCode::kUnavailable);
}

TEST(SupervisorTest, RefusesThreads) {
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!done) absl::SleepFor(absl::Milliseconds(1));
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Supervise(SupervisorOptions(), [](const WorkerContext&) { return 0; })));
  done = true;
  other.join();
}

}  // namespace
}  // namespace base
