#include "demo/postgres.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "demo/files.h"

namespace culprit::demo {

namespace {

constexpr const char* kInstalled = "/usr/lib/postgresql";  // the directory of Debian's and Ubuntu's packages
constexpr int kInitMs = 60'000, kStartMs = 60'000, kQueryMs = 20'000;

// The reason for each setting:
// - memory: the tables fit, so that a run does not depend on earlier disk activity; pages are allocated as they are
// used
// - wal_level minimal: the big table is written once, not twice
// - one process for a query: the plans of the lab must not depend on the number of free CPUs
// - autovacuum off: only the load and the fault work during a recording
constexpr const char* kSettings = R"(
listen_addresses = '127.0.0.1'
ssl = on
shared_buffers = 512MB
maintenance_work_mem = 256MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 30min
max_parallel_workers_per_gather = 0
jit = off
autovacuum = off
)";

constexpr const char* kAccess = R"(
local   all   postgres                 peer
hostssl all   shop      127.0.0.1/32   scram-sha-256
)";

}  // namespace

Result<std::string> find_postgres_programs() {
  int newest = 0;
  if (DIR* versions = opendir(kInstalled)) {
    while (dirent* entry = readdir(versions)) {
      int version = std::atoi(entry->d_name);
      std::string initdb = std::string(kInstalled) + "/" + entry->d_name + "/bin/initdb";
      if (version > newest && access(initdb.c_str(), X_OK) == 0) newest = version;
    }
    closedir(versions);
  }
  if (newest > 0) return std::string(kInstalled) + "/" + std::to_string(newest) + "/bin";
  return Error{Error::Kind::Unavailable, "PostgreSQL is not installed here (no /usr/lib/postgresql/*/bin/initdb)",
               "apt-get install postgresql"};
}

Postgres::Postgres(std::string place, std::string programs, User user)
    : place_(std::move(place)), programs_(std::move(programs)), data_(place_ + "/data"), user_(std::move(user)) {}

Result<Postgres> Postgres::start(const std::string& place, const std::string& programs, const User& user) {
  Postgres server(place, programs, user);
  server.password_ = random_hex(16);
  server.port_ = TRY(free_port());
  TRY(server.make_cluster());
  TRY(server.configure());
  TRY(server.start_postmaster());
  TRY(server.run_sql("postgres", "CREATE ROLE shop LOGIN PASSWORD '" + server.password_ + "'", kQueryMs));
  TRY(server.run_sql("postgres", "CREATE DATABASE shop OWNER shop", kQueryMs));
  server.version_ = TRY(server.ask("postgres", "SELECT split_part(current_setting('server_version'), ' ', 1)"));
  return server;
}

Program Postgres::program(std::vector<std::string> arguments) const {
  Program program;
  program.arguments = std::move(arguments);
  program.environment = {"PATH=/usr/bin:/bin", "HOME=" + place_ + "/run", "LC_ALL=C.UTF-8"};
  program.directory = place_ + "/run";
  program.output = place_ + "/run/postgres.log";
  program.user = user_;
  return program;
}

Result<void> Postgres::make_cluster() {
  TRY(make_directory(place_ + "/run", 0755, user_));
  TRY(make_directory(data_, 0700, user_));
  TRY(write_file(place_ + "/run/postgres.log", "", 0644, user_));
  return run_to_end(program({programs_ + "/initdb", "-D", data_, "--locale=C.UTF-8", "-E", "UTF8", "-A", "peer", "-U",
                             "postgres", "--no-sync", "--no-instructions"}),
                    kInitMs);
}

Result<void> Postgres::configure() {
  std::string certificate = data_ + "/server.crt", key = data_ + "/server.key";
  Program openssl =
      program({"/usr/bin/openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost", "-newkey",
               "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", key, "-out", certificate});
  if (access(openssl.arguments[0].c_str(), X_OK) != 0) {
    return Error{Error::Kind::Unavailable, "the program openssl is missing; it creates the server's certificate",
                 "apt-get install openssl"};
  }
  TRY(run_to_end(openssl, kInitMs));
  std::string settings = TRY(read_file(data_ + "/postgresql.conf"));
  settings += kSettings;
  settings += "port = " + std::to_string(port_) + "\nunix_socket_directories = '" + place_ + "/run'\n";
  TRY(write_file(data_ + "/postgresql.conf", settings, 0600, user_));
  TRY(write_file(data_ + "/pg_hba.conf", kAccess, 0600, user_));
  return {};
}

Result<void> Postgres::start_postmaster() {
  Program server = program({programs_ + "/postgres", "-D", data_});
  server.death_signal = SIGQUIT;  // immediate shutdown, which also ends its backends
  postmaster_ = TRY(Child::start(server));
  for (int waited_ms = 0; waited_ms < kStartMs; waited_ms += 50) {
    TRY(pause_for(50));
    if (!postmaster_.running()) break;
    // The last line of postmaster.pid is the state (utils/pidfile.h, LOCK_FILE_LINE_PM_STATUS).
    Result<std::string> state = read_file(data_ + "/postmaster.pid");
    if (state.has_value() && state.value().find("\nready") != std::string::npos) return {};
  }
  Result<std::string> log = read_file(server.output);
  return Error{Error::Kind::Unavailable,
               "PostgreSQL does not start: " + (log.has_value() ? log.value() : std::string())};
}

Program Postgres::psql(const std::string& database, const std::string& sql) const {
  return program({programs_ + "/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", place_ + "/run", "-p",
                  std::to_string(port_), "-U", "postgres", "-d", database, "-c", sql});
}

Result<void> Postgres::run_sql(const std::string& database, const std::string& sql, int timeout_ms) {
  return run_to_end(psql(database, sql), timeout_ms);
}

Result<Child> Postgres::start_sql(const std::string& database, const std::string& sql) {
  return Child::start(psql(database, sql));
}

Result<std::string> Postgres::ask(const std::string& database, const std::string& query) {
  Program program = psql(database, query);
  program.talk = Program::Talk::Yes;
  Child child = TRY(Child::start(program));
  return child.read_line(kQueryMs);
}

std::string Postgres::conninfo(const std::string& application, const std::string& options) const {
  std::string text = "host=127.0.0.1 port=" + std::to_string(port_) +
                     " dbname=shop user=shop sslmode=require application_name=" + application;
  return options.empty() ? text : text + " options='" + options + "'";
}

}  // namespace culprit::demo
