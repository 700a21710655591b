#include "devstack/postgres.h"

#include <postgresql/libpq-fe.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/paths.h"
#include "devstack/secret.h"

namespace devstack {
namespace {

namespace fs = std::filesystem;

constexpr char kRole[] = "praxis";
constexpr char kDatabase[] = "praxis";
constexpr char kSystemUser[] = "postgres";
constexpr char kBinaryFolder[] = "/usr/lib/postgresql/15/bin";
constexpr size_t kLongestSocketPath = 100;  // sun_path holds 107 characters.

absl::Status GiveTo(const std::string& user, const std::string& path) {
  if (user.empty()) return absl::OkStatus();
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr || chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    return absl::PermissionDeniedError(absl::StrCat("cannot give ", path, " to the user ", user));
  }
  return absl::OkStatus();
}

// PostgreSQL of another user must be able to enter every folder above its own.
absl::Status CheckReachable(const std::string& user, const fs::path& path) {
  if (user.empty()) return absl::OkStatus();
  for (fs::path folder = path.parent_path(); folder != folder.parent_path();
       folder = folder.parent_path()) {
    struct stat status {};
    if (stat(folder.c_str(), &status) == 0 && (status.st_mode & S_IXOTH) == 0) {
      return absl::PermissionDeniedError(
          absl::StrCat("data folder ", path.string(), " cannot be reached by the user ", user,
                       " (PostgreSQL does not run as root): ", folder.string(),
                       " is closed to others; choose a folder under /var/tmp or /tmp"));
    }
  }
  return absl::OkStatus();
}

// The postmaster recorded in the cluster, if it still runs (a killed parent's, shutting down).
pid_t RunningPostmaster(const std::string& cluster) {
  const absl::StatusOr<std::string> text = base::ReadFile(absl::StrCat(cluster, "/postmaster.pid"));
  pid_t pid = 0;
  if (!text.ok() || !absl::SimpleAtoi(text->substr(0, text->find('\n')), &pid)) return 0;
  std::error_code error;
  const fs::path folder = fs::read_symlink(absl::StrCat("/proc/", pid, "/cwd"), error);
  return !error && folder == fs::canonical(cluster, error) ? pid : 0;
}

}  // namespace

PrivatePostgres::PrivatePostgres(PostgresOptions options, std::string binaries,
                                 base::PortClaim port)
    : options_(std::move(options)), binaries_(std::move(binaries)), port_(std::move(port)) {
  if (geteuid() == 0) user_ = kSystemUser;
}

PrivatePostgres::~PrivatePostgres() {
  if (server_.has_value()) Stop().IgnoreError();
}

absl::StatusOr<std::unique_ptr<PrivatePostgres>> PrivatePostgres::Begin(
    const PostgresOptions& options) {
  for (const char* program : {"postgres", "initdb"}) {
    if (access(absl::StrCat(kBinaryFolder, "/", program).c_str(), X_OK) != 0) {
      return absl::NotFoundError(absl::StrCat(
          kBinaryFolder, "/", program, " not found: install the Debian package postgresql-15"));
    }
  }
  absl::StatusOr<std::vector<base::PortClaim>> port = base::ClaimFreePorts(1);
  if (!port.ok()) return port.status();
  auto server = std::unique_ptr<PrivatePostgres>(
      new PrivatePostgres(options, kBinaryFolder, std::move(port->front())));
  if (absl::Status status = server->Prepare(); !status.ok()) return status;
  return server;
}

absl::Status PrivatePostgres::Prepare() {
  if (absl::Status status = CheckReachable(user_, options_.data_dir); !status.ok()) return status;
  std::error_code error;
  fs::create_directories(options_.data_dir, error);
  if (error) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot create ", options_.data_dir, ": ", error.message()));
  }
  chmod(options_.data_dir.c_str(), 0700);
  if (absl::Status status = GiveTo(user_, options_.data_dir); !status.ok()) return status;
  absl::StatusOr<std::string> password = KeptSecret(Path("password"));
  if (!password.ok()) return password.status();
  password_ = *password;
  if (absl::Status status = GiveTo(user_, Path("password")); !status.ok()) return status;
  if (fs::exists(Path("cluster"))) {
    step_ = Step::kStarting;
    return absl::OkStatus();
  }
  return StartInitdb();
}

// Into a draft folder that is renamed when complete: a start that was interrupted leaves no half
// cluster behind.
absl::Status PrivatePostgres::StartInitdb() {
  std::error_code error;
  fs::remove_all(Path("draft"), error);
  base::SubprocessOptions initdb;
  initdb.argv = {binaries_ + "/initdb",
                 "--pgdata=" + Path("draft"),
                 absl::StrCat("--username=", kRole),
                 "--pwfile=" + Path("password"),
                 "--auth=scram-sha-256",
                 "--encoding=UTF8",
                 "--locale=C.UTF-8",
                 "--no-instructions"};
  if (options_.temporary) initdb.argv.push_back("--no-sync");
  initdb.user = user_;
  initdb.working_directory = options_.data_dir;
  initdb.log_file = Path("initdb.log");
  absl::StatusOr<base::Subprocess> started = base::Subprocess::Start(initdb);
  if (!started.ok()) return started.status();
  initdb_ = *std::move(started);
  return absl::OkStatus();
}

absl::Status PrivatePostgres::WriteConfiguration() {
  const bool with_socket =
      absl::StrCat(options_.data_dir, "/.s.PGSQL.", port()).size() <= kLongestSocketPath;
  std::string text = absl::StrCat(
      "listen_addresses = '127.0.0.1'\n", "port = ", port(), "\n", "unix_socket_directories = '",
      with_socket ? options_.data_dir : "", "'\n", "max_connections = ", options_.max_connections,
      "\n", "shared_buffers = ", options_.shared_buffers, "\n",
      "fsync = on\n"
      "full_page_writes = on\n"
      "synchronous_commit = on\n"
      "wal_level = replica\n"
      "max_wal_senders = 0\n"
      "max_wal_size = 1GB\n"
      "checkpoint_timeout = 15min\n"
      "random_page_cost = 1.1\n"
      "jit = off\n"
      "dynamic_shared_memory_type = posix\n"
      "timezone = 'UTC'\n"
      "log_timezone = 'UTC'\n"
      "lc_messages = 'C.UTF-8'\n"
      "logging_collector = off\n");
  for (const std::string& setting : options_.settings) absl::StrAppend(&text, setting, "\n");
  const std::string path = Path("cluster/postgresql.conf");
  if (absl::Status status = base::WriteFile(path, text, 0600); !status.ok()) return status;
  return GiveTo(user_, path);
}

absl::Status PrivatePostgres::StartServer() {
  if (absl::Status status = WriteConfiguration(); !status.ok()) return status;
  base::SubprocessOptions server;
  server.argv = {binaries_ + "/postgres", "-D", Path("cluster")};
  server.user = user_;
  server.working_directory = options_.data_dir;
  server.log_file = Path("postgres.log");
  // Immediate shutdown: the postmaster takes its backends with it, which SIGKILL would not.
  server.death_signal = SIGQUIT;
  absl::StatusOr<base::Subprocess> started = base::Subprocess::Start(server);
  if (!started.ok()) return started.status();
  server_ = *std::move(started);
  return absl::OkStatus();
}

absl::StatusOr<bool> PrivatePostgres::Poll() {
  if (step_ == Step::kInitdb) {
    const auto exit = initdb_->Poll();
    if (!exit.has_value()) return false;
    if (!exit->ok()) {
      return absl::InternalError(
          absl::StrCat("initdb failed (", exit->ToString(), "): ", LastLine(Path("initdb.log"))));
    }
    std::error_code error;
    fs::rename(Path("draft"), Path("cluster"), error);
    if (error) return absl::InternalError(absl::StrCat("cannot rename ", Path("draft")));
    step_ = Step::kStarting;
  }
  if (step_ == Step::kReady) return true;
  if (!server_.has_value()) {
    if (RunningPostmaster(Path("cluster")) != 0) return false;  // The caller's time limit decides.
    if (absl::Status status = StartServer(); !status.ok()) return status;
  }
  if (absl::Status status = CheckAlive(); !status.ok()) return status;
  absl::StatusOr<bool> connected = TryConnect();
  if (connected.ok() && *connected) step_ = Step::kReady;
  return connected;
}

absl::StatusOr<bool> PrivatePostgres::TryConnect() {
  const std::string target =
      absl::StrCat("host=127.0.0.1 port=", port(), " user=", kRole, " password=", password_,
                   " dbname=postgres connect_timeout=2");
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(target.c_str()),
                                                                PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(connection.get());
    if (absl::StrContains(message, "authentication failed")) {
      return absl::FailedPreconditionError(
          absl::StrCat("PostgreSQL in ", options_.data_dir, " refuses the password kept in ",
                       Path("password"), ": ", absl::StripAsciiWhitespace(message)));
    }
    return false;
  }
  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
  const Result found(
      PQexec(connection.get(),
             absl::StrCat("SELECT 1 FROM pg_database WHERE datname = '", kDatabase, "'").c_str()),
      PQclear);
  if (PQresultStatus(found.get()) != PGRES_TUPLES_OK) return false;
  if (PQntuples(found.get()) == 1) return true;
  const Result created(
      PQexec(connection.get(), absl::StrCat("CREATE DATABASE ", kDatabase).c_str()), PQclear);
  if (PQresultStatus(created.get()) != PGRES_COMMAND_OK) {
    return absl::InternalError(
        absl::StrCat("cannot create the database ", kDatabase, ": ",
                     absl::StripAsciiWhitespace(PQerrorMessage(connection.get()))));
  }
  return true;
}

std::string PrivatePostgres::url() const {
  return absl::StrCat("postgresql://", kRole, ":", password_, "@127.0.0.1:", port(), "/",
                      kDatabase);
}

std::string PrivatePostgres::socket_url() const {
  if (!fs::exists(absl::StrCat(options_.data_dir, "/.s.PGSQL.", port()))) return url();
  return absl::StrCat("postgresql://", kRole, ":", password_, "@/", kDatabase,
                      "?host=", options_.data_dir, "&port=", port());
}

pid_t PrivatePostgres::pid() const { return server_.has_value() ? server_->pid() : -1; }

absl::Status PrivatePostgres::CheckAlive() {
  if (!server_.has_value()) return absl::UnavailableError("PostgreSQL is not running");
  const auto exit = server_->Poll();
  if (!exit.has_value()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the private PostgreSQL has ended (", exit->ToString(),
                                             "): ", LastLine(Path("postgres.log"))));
}

void PrivatePostgres::BeginStop() {
  if (server_.has_value()) server_->Signal(SIGINT);
}

absl::Status PrivatePostgres::Stop(absl::Duration grace) {
  if (!server_.has_value()) return absl::OkStatus();
  const absl::StatusOr<base::ExitStatus> exit = server_->Terminate(grace, SIGINT);
  server_.reset();
  return exit.status();
}

std::string PrivatePostgres::Path(std::string_view name) const {
  return absl::StrCat(options_.data_dir, "/", std::string(name));
}

}  // namespace devstack
