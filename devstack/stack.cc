#include "devstack/stack.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace devstack {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kPollInterval = absl::Milliseconds(5);
constexpr char kTemporaryPrefix[] = "praxis-stack-";

// Takes the folder's lock, which the kernel drops when the last holder ends.
absl::StatusOr<base::UniqueFd> LockFolder(const std::string& folder) {
  const std::string path = folder + "/lock";
  base::UniqueFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::AlreadyExistsError(absl::StrCat("the data folder ", folder,
                                                 " is in use by another process; stop it or choose "
                                                 "another folder"));
  }
  return lock;
}

// Deletes temporary folders whose owners were killed. A lock file older than a minute that nobody
// holds has no owner any more.
void SweepAbandonedFolders() {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(base::TemporaryRoot(), error)) {
    if (!absl::StartsWith(entry.path().filename().string(), kTemporaryPrefix)) continue;
    struct stat status {};
    const std::string lock_path = entry.path().string() + "/lock";
    if (stat(lock_path.c_str(), &status) != 0 || status.st_uid != geteuid()) continue;
    if (absl::Now() - absl::FromTimeT(status.st_mtime) < absl::Minutes(1)) continue;
    if (LockFolder(entry.path().string()).ok()) fs::remove_all(entry.path(), error);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Stack>> Stack::Start(const StackOptions& options) {
  auto stack = std::unique_ptr<Stack>(new Stack);
  stack->owner_ = getpid();
  if (absl::Status status = stack->OpenFolder(options.data_dir); !status.ok()) return status;
  if (options.with_postgres) {
    PostgresOptions postgres = options.postgres;
    postgres.data_dir = stack->data_dir_ + "/postgres";
    postgres.temporary = options.data_dir.empty();
    auto begun = PrivatePostgres::Begin(postgres);
    if (!begun.ok()) return begun.status();
    stack->postgres_ = *std::move(begun);
  }
  if (options.with_redis) {
    RedisClusterOptions redis = options.redis;
    redis.data_dir = stack->data_dir_ + "/redis";
    auto begun = PrivateRedisCluster::Begin(redis);
    if (!begun.ok()) return begun.status();
    stack->redis_ = *std::move(begun);
  }
  if (absl::Status status = stack->WaitUntilReady(options); !status.ok()) return status;
  return stack;
}

absl::Status Stack::OpenFolder(const std::string& data_dir) {
  if (data_dir.empty()) {
    SweepAbandonedFolders();
    absl::StatusOr<std::string> made = base::MakeTemporaryFolder(kTemporaryPrefix);
    if (!made.ok()) return made.status();
    data_dir_ = *made;
    remover_ = std::make_unique<base::FolderRemover>(data_dir_);
  } else {
    data_dir_ = base::ResolvePath(data_dir);
    std::error_code error;
    fs::create_directories(data_dir_, error);
    if (error) {
      return absl::PermissionDeniedError(
          absl::StrCat("cannot create the data folder ", data_dir_, ": ", error.message()));
    }
  }
  if (geteuid() == 0) chmod(data_dir_.c_str(), 0711);  // The user postgres passes through.
  absl::StatusOr<base::UniqueFd> lock = LockFolder(data_dir_);
  if (!lock.ok()) return lock.status();
  lock_ = *std::move(lock);
  return absl::OkStatus();
}

absl::Status Stack::WaitUntilReady(const StackOptions& options) {
  const absl::Time deadline = absl::Now() + options.start_timeout;
  bool postgres_ready = postgres_ == nullptr;
  bool redis_ready = redis_ == nullptr;
  while (true) {
    if (!postgres_ready) {
      const absl::StatusOr<bool> ready = postgres_->Poll();
      if (!ready.ok()) return ready.status();
      postgres_ready = *ready;
    }
    if (!redis_ready) {
      const absl::StatusOr<bool> ready = redis_->Poll();
      if (!ready.ok()) return ready.status();
      redis_ready = *ready;
    }
    if (postgres_ready && redis_ready) return absl::OkStatus();
    if (options.cancelled && options.cancelled()) {
      return absl::CancelledError("stopped while the private services were starting");
    }
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat(postgres_ready ? "the private Redis Cluster" : "the private PostgreSQL",
                       " was not ready after ", absl::FormatDuration(options.start_timeout),
                       "; its logs are in ", data_dir_));
    }
    absl::SleepFor(kPollInterval);
  }
}

Stack::~Stack() {
  if (getpid() == owner_) Stop().IgnoreError();
}

std::string Stack::database_url() const { return postgres_ ? postgres_->url() : ""; }
std::string Stack::redis_url() const { return redis_ ? redis_->url() : ""; }
pid_t Stack::postgres_pid() const { return postgres_ ? postgres_->pid() : -1; }
std::vector<pid_t> Stack::redis_pids() const {
  return redis_ ? redis_->pids() : std::vector<pid_t>();
}

absl::StatusOr<std::vector<pid_t>> Stack::RedisMasterPids() const {
  return redis_ ? redis_->MasterPids() : std::vector<pid_t>();
}

absl::Status Stack::CheckAlive() {
  if (postgres_) {
    if (absl::Status status = postgres_->CheckAlive(); !status.ok()) return status;
  }
  return redis_ ? redis_->CheckAlive() : absl::OkStatus();
}

absl::Status Stack::Stop() {
  // The signal goes to both before either is waited for.
  if (postgres_) postgres_->BeginStop();
  absl::Status status = redis_ ? redis_->Stop() : absl::OkStatus();
  if (postgres_) status.Update(postgres_->Stop());
  redis_.reset();
  postgres_.reset();
  lock_.Reset();
  remover_.reset();
  return status;
}

}  // namespace devstack
