#include "ask/helper.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <linux/capability.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ask/reply_codec.h"
#include "base/text.h"

namespace culprit::ask {

namespace {

constexpr int64_t kLookMs = 100;  // interval in which a cancel token is checked
constexpr int kChannel = 3;       // number of the channel in the helper, which closes all other descriptors
// The limit of the helper's memory, in addition to what the process has at its start: libpq keeps a whole answer in
// memory.
constexpr uint64_t kAddressSpace = 256u << 20;

// - generic plans: a plan for any value, not for the NULLs that are passed as values
// - lock_timeout: EXPLAIN takes a weak lock on its tables. In a queue behind a strong lock it would block other
// sessions.
constexpr const char* kRules =
    "SET default_transaction_read_only = on; SET statement_timeout = 1000; SET "
    "lock_timeout = 500; "
    "SET idle_in_transaction_session_timeout = 5000; SET plan_cache_mode = "
    "force_generic_plan";

int64_t now_ms() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

bool wait_for(int fd, short events, int64_t end_ms) {
  for (;;) {
    int64_t left = end_ms - now_ms();
    pollfd ready{fd, events, 0};
    int n = left > 0 ? poll(&ready, 1, static_cast<int>(left)) : 0;
    if (n >= 0 || errno != EINTR) return n > 0;
  }
}

// ---- code of the helper process ----

std::string one_line(const char* message) {
  std::string text = printable(message ? message : "");
  return std::string(trimmed(text));
}

Reply failed(std::string why) { return {Failure{"", std::move(why)}, {}}; }

// The system calls for a conversation on a connected socket or a Unix socket. All others fail, in particular opening a
// file and running a program.
constexpr const char* kAllowedCalls[] = {"read",
                                         "write",
                                         "readv",
                                         "writev",
                                         "recvfrom",
                                         "recvmsg",
                                         "sendto",
                                         "sendmsg",
                                         "close",
                                         "poll",
                                         "ppoll",
                                         "socket",
                                         "connect",
                                         "getsockopt",
                                         "setsockopt",
                                         "getsockname",
                                         "getpeername",
                                         "fcntl",
                                         "mmap",
                                         "munmap",
                                         "mremap",
                                         "mprotect",
                                         "madvise",
                                         "brk",
                                         "futex",
                                         "getrandom",
                                         "getpid",
                                         "gettid",
                                         "getuid",
                                         "geteuid",
                                         "getgid",
                                         "getegid",
                                         "clock_gettime",
                                         "gettimeofday",
                                         "time",
                                         "rt_sigaction",
                                         "rt_sigprocmask",
                                         "rt_sigreturn",
                                         "exit",
                                         "exit_group",
                                         "uname",
                                         "sched_yield",
                                         "restart_syscall",
                                         "clock_nanosleep",
                                         "nanosleep",
                                         "tgkill"};

bool enter_sandbox() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));
  if (filter == nullptr) return false;
  bool done = true;
  for (const char* name : kAllowedCalls) {
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || number < 0) continue;
    bool makes_sockets = std::strcmp(name, "socket") == 0;  // to the server's Unix socket only
    done = done && (makes_sockets ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX))
                                  : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0)) == 0;
  }
  done = done && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return done;
}

void set_limits() {
  auto limit = [](auto resource, uint64_t value) {
    rlimit both{value, value};
    setrlimit(resource, &both);
  };
  unsigned long long pages = 0;
  if (FILE* statm = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(statm, "%llu", &pages) != 1) pages = 0;
    std::fclose(statm);
  }
  if (pages < (uint64_t{1} << 28))
    limit(RLIMIT_AS,
          pages * 4096 + kAddressSpace);  // under ASan much more memory is mapped
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
}

// Changes to the server's user permanently, without any capability.
bool drop_rights(const std::optional<Peer>& peer) {
  if (peer && geteuid() == 0 && peer->uid != 0) {
    if (setgroups(0, nullptr) != 0 || setresgid(peer->gid, peer->gid, peer->gid) != 0 ||
        setresuid(peer->uid, peer->uid, peer->uid) != 0)
      return false;
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) return false;
  prctl(PR_SET_DUMPABLE, 0);
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// Returns why the process at the other end of the socket is not the server; empty: it is the server.
std::string stranger(int socket, const Peer& peer) {
  ucred other{};
  socklen_t size = sizeof other;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &other, &size) != 0 || size != sizeof other)
    return "the process that listens on its socket is unknown";
  if (other.uid != peer.uid) return "another user listens on its socket";
  // 0: a process that is not visible from here
  if (other.pid != 0 && other.pid != peer.pid) return "another process listens on its socket";
  return {};
}

struct Connection {
  PGconn* handle = nullptr;
  std::string refused;
};

Connection connect(const Login& login) {
  std::vector<const char*> names, values;
  auto add = [&](const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  };
  for (const auto& [name, value] : login.parameters) add(name.c_str(), value.c_str());
  add("application_name", "culprit");
  add("client_encoding", "UTF8");
  if (login.peer) {
    add("sslmode", "disable");
    add("gssencmode", "disable");
    add("passfile", "/dev/null");
  }
  add(nullptr, nullptr);
  // 0: no value is parsed as a connection string, whatever a database is called
  PGconn* connection = PQconnectStartParams(names.data(), values.data(), 0);
  if (!connection) return {nullptr, "no memory for a connection"};
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);  // otherwise libpq prints notices to the terminal unchanged
  if (login.peer && PQstatus(connection) != CONNECTION_BAD) {
    std::string why = stranger(PQsocket(connection), *login.peer);
    if (!why.empty()) return {connection, why};
  }
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  for (int64_t end = now_ms() + kConnectMs; PQstatus(connection) != CONNECTION_BAD;) {
    if (state == PGRES_POLLING_OK || state == PGRES_POLLING_FAILED) break;
    if (!wait_for(PQsocket(connection), state == PGRES_POLLING_READING ? POLLIN : POLLOUT, end)) break;
    state = PQconnectPoll(connection);
  }
  if (PQstatus(connection) == CONNECTION_OK) return {connection, {}};
  std::string message = one_line(PQerrorMessage(connection));
  return {connection, message.empty() ? "no connection within 1 s" : message};
}

void add_rows(Reply& reply, const PGresult* result, size_t& bytes) {
  if (PQnparams(result) > 0) reply.rows.push_back({std::to_string(PQnparams(result))});
  if (static_cast<size_t>(PQnfields(result)) > kMaxColumns)
    return void(reply.failure = Failure{"", "the server's answer is too wide"});
  for (int row = 0; row < PQntuples(result); ++row) {
    if (reply.rows.size() >= kMaxRows || bytes > kMaxReplyBytes / 2)
      return void(reply.failure = Failure{"", "the server's answer is too long"});
    std::vector<std::string>& cells = reply.rows.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column) {
      cells.emplace_back(PQgetvalue(result, row, column), static_cast<size_t>(PQgetlength(result, row, column)));
      bytes += cells.back().size() + 8;
    }
  }
}

Reply collect(PGconn* connection) {
  Reply reply;
  size_t bytes = 0;
  for (int64_t end = now_ms() + kAnswerMs;;) {
    while (PQisBusy(connection)) {
      // Later data on this connection cannot be trusted.
      const bool answered = wait_for(PQsocket(connection), POLLIN, end);
      if (!answered || PQconsumeInput(connection) == 0) {
        shutdown(PQsocket(connection), SHUT_RDWR);
        return failed(answered ? "the connection to the server broke" : "the server did not answer in time");
      }
    }
    PGresult* result = PQgetResult(connection);
    if (!result) return reply;
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
      reply.failure = Failure{state ? state : "", one_line(message ? message : PQresultErrorMessage(result))};
    }
    bool copies = status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
    if (!reply.failure && !copies) add_rows(reply, result, bytes);
    PQclear(result);
    if (copies) {  // no question copies data
      shutdown(PQsocket(connection), SHUT_RDWR);
      return failed("the server's answer could not be read");
    }
  }
}

Reply run(PGconn* connection, const Request& request) {
  if (PQstatus(connection) != CONNECTION_OK) return failed("the connection is broken");
  if (request.kind == Request::Kind::Prepare) {
    if (PQsendPrepare(connection, request.name.c_str(), request.sql.c_str(), 0, nullptr) == 0)
      return failed(one_line(PQerrorMessage(connection)));
    Reply reply = collect(connection);
    if (reply.failure || PQsendDescribePrepared(connection, request.name.c_str()) == 0) return reply;
    reply = collect(connection);
    if (!reply.failure && reply.rows.empty()) reply.rows.push_back({"0"});
    return reply;
  }
  std::vector<const char*> values;
  for (const std::string& parameter : request.parameters) values.push_back(parameter.c_str());
  // Queries without parameters use the simple protocol, which accepts several statements: only culprit's own texts are
  // sent that way.
  int sent = values.empty() ? PQsendQuery(connection, request.sql.c_str())
                            : PQsendQueryParams(connection, request.sql.c_str(), static_cast<int>(values.size()),
                                                nullptr, values.data(), nullptr, nullptr, 0);
  return sent == 0 ? failed(one_line(PQerrorMessage(connection))) : collect(connection);
}

Reply opened(const Connection& connection) {
  if (!connection.refused.empty()) return failed(connection.refused);
  Reply rules = run(connection.handle, {Request::Kind::Run, {}, kRules, {}});
  if (rules.failure) return rules;
  auto text = [](const char* value) { return std::string(value ? value : ""); };
  Reply first;
  first.rows.push_back(
      {text(PQdb(connection.handle)), text(PQport(connection.handle)), text(PQhost(connection.handle))});
  return first;
}

[[noreturn]] void help(const Login& login, int channel) {
  signal(SIGPIPE, SIG_IGN);
  for (int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
  clearenv();  // PGHOST, PGPASSWORD, PGSERVICE …
  int nothing = open("/dev/null", O_RDWR);
  for (int standard : {0, 1, 2}) dup2(nothing, standard);
  bool ready = dup2(channel, kChannel) == kChannel && close_range(kChannel + 1, ~0u, 0) == 0;
  set_limits();
  ready = ready && drop_rights(login.peer);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // set again, as the change of user reset it
  // For a server that the user named, connecting may need files (name resolution, certificates): the sandbox begins
  // after the connection is open.
  if (login.peer) ready = ready && enter_sandbox();
  Connection connection{nullptr, "the helper process could not give up its rights"};
  if (ready) connection = connect(login);
  if (!login.peer && connection.refused.empty() && !enter_sandbox())
    connection.refused = "cannot enter the sandbox (seccomp)";
  Reply first = opened(connection);
  if (!send_message(kChannel, encode(first)) || first.failure) _exit(0);
  constexpr int64_t kIdleMs = int64_t{24} * 3600 * 1000;  // the channel is closed long before this limit
  while (std::optional<std::string> bytes = receive_message(kChannel, kIdleMs, nullptr)) {
    std::optional<Request> request = decode_request(*bytes);
    if (!request || !send_message(kChannel, encode(run(connection.handle, *request)))) break;
  }
  _exit(0);
}

}  // namespace

bool send_message(int channel, const std::string& bytes) {
  auto size = static_cast<uint32_t>(bytes.size());
  std::string framed(reinterpret_cast<const char*>(&size), sizeof size);
  framed += bytes;
  for (size_t at = 0; at < framed.size();) {
    ssize_t n = send(channel, framed.data() + at, framed.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<size_t>(n);
  }
  return true;
}

std::optional<std::string> receive_message(int channel, int64_t limit_ms, const CancelToken* cancel) {
  std::string bytes(sizeof(uint32_t), '\0');
  size_t have = 0;
  uint32_t size = 0;
  for (int64_t end = now_ms() + limit_ms;;) {
    if (have == bytes.size()) {
      if (have > sizeof size || (have == sizeof size && size == 0 && std::memcmp(bytes.data(), "\0\0\0\0", 4) == 0))
        return bytes.substr(sizeof size);
      std::memcpy(&size, bytes.data(), sizeof size);
      if (size > kMaxReplyBytes) return std::nullopt;
      bytes.resize(sizeof size + size);
      continue;
    }
    while (!wait_for(channel, POLLIN, cancel ? std::min(end, now_ms() + kLookMs) : end))
      if (now_ms() >= end || (cancel && cancel->requested())) return std::nullopt;
    ssize_t n = recv(channel, bytes.data() + have, bytes.size() - have, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    have += static_cast<size_t>(n);
  }
}

Result<Helper> start_helper(const Login& login) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return Error{Error::Kind::Unavailable,
                 "cannot create a channel to a helper process: " + std::string(std::strerror(errno))};
  pid_t pid = fork();
  if (pid == 0) help(login, ends[1]);
  close(ends[1]);
  if (pid > 0) return Helper{pid, ends[0]};
  close(ends[0]);
  return Error{Error::Kind::Unavailable, "no helper process: " + std::string(std::strerror(errno))};
}

}  // namespace culprit::ask
