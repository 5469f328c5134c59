#include "ask/session.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "base/text.h"

namespace culprit::ask {

namespace {

constexpr int kConnectMs = 1000;
// The server ends a statement after 1 s (statement_timeout). A server that does not even do that is left after this.
constexpr int kAnswerMs = 1500;

// - generic plans: a plan for any value, not for the NULLs that we hand over
// - lock_timeout: EXPLAIN takes a weak lock on its tables; in a queue behind a strong one we would make things worse
constexpr const char* kRules =
    "SET default_transaction_read_only = on; SET statement_timeout = 1000; SET lock_timeout = 500; "
    "SET idle_in_transaction_session_timeout = 5000; SET plan_cache_mode = force_generic_plan";

int64_t now_ms() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

bool wait_for(int fd, short events, int64_t end_ms) {
  int64_t left = end_ms - now_ms();
  pollfd ready{fd, events, 0};
  return left > 0 && poll(&ready, 1, static_cast<int>(left)) > 0;
}

// This thread's effective user, for as long as it lives. The system call itself, not the C library's function, which would
// change all threads: the kernel keeps credentials by thread, and the server asks for those of who connects (unix(7),
// SO_PEERCRED).
class ActingAs {
 public:
  explicit ActingAs(std::optional<uid_t> user) : acting_(user && geteuid() == 0 && *user != 0) {
    if (acting_) acting_ = syscall(SYS_setresuid, -1, *user, -1) == 0;
  }
  ~ActingAs() {
    if (acting_) syscall(SYS_setresuid, -1, 0, -1);
  }
  ActingAs(const ActingAs&) = delete;

 private:
  bool acting_;
};

PGconn* connect(const Login& login) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : login.parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  for (std::pair<const char*, const char*> own :
       {std::pair{"application_name", "culprit"}, {"client_encoding", "UTF8"}}) {
    names.push_back(own.first);
    values.push_back(own.second);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  ActingAs user(login.as);
  // 1: a parameter "dbname" may be a whole connection string
  PGconn* connection = PQconnectStartParams(names.data(), values.data(), 1);
  if (!connection) return nullptr;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  for (int64_t end = now_ms() + kConnectMs; PQstatus(connection) != CONNECTION_BAD;) {
    if (state == PGRES_POLLING_OK || state == PGRES_POLLING_FAILED) break;
    if (!wait_for(PQsocket(connection), state == PGRES_POLLING_READING ? POLLIN : POLLOUT, end)) break;
    state = PQconnectPoll(connection);
  }
  return connection;
}

std::string one_line(const char* message) {
  std::string text = printable(message ? message : "");
  return std::string(trimmed(text));
}

}  // namespace

Result<Session> Session::open(const Login& login) {
  Session session(connect(login));
  if (!session.connection_) return Error{Error::Kind::Full, "no memory for a connection"};
  if (PQstatus(session.connection_) != CONNECTION_OK) {
    std::string message = one_line(PQerrorMessage(session.connection_));
    return Error{Error::Kind::Unavailable, message.empty() ? "no connection within 1 s" : message};
  }
  Reply rules = session.run(kRules);
  if (rules.failure) return Error{Error::Kind::Unavailable, rules.failure->message};
  return session;
}

Session::Session(Session&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), late_(std::exchange(other.late_, false)) {}

Session& Session::operator=(Session&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(late_, other.late_);
  return *this;
}

Session::~Session() {
  if (connection_) PQfinish(connection_);
}

bool Session::usable() const { return connection_ && !late_ && PQstatus(connection_) == CONNECTION_OK; }

Reply Session::collect() {
  Reply reply;
  int64_t end = now_ms() + kAnswerMs;
  for (;;) {
    while (PQisBusy(connection_)) {
      if (!wait_for(PQsocket(connection_), POLLIN, end) || PQconsumeInput(connection_) == 0) {
        late_ = true;
        reply.failure = Failure{"", "the server did not answer in time"};
        return reply;
      }
    }
    PGresult* result = PQgetResult(connection_);
    if (!result) return reply;
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
      reply.failure = Failure{state ? state : "", one_line(message ? message : PQresultErrorMessage(result))};
    }
    if (PQnparams(result) > 0) reply.rows.push_back({std::to_string(PQnparams(result))});
    for (int row = 0; row < PQntuples(result); ++row) {
      reply.rows.emplace_back();
      for (int column = 0; column < PQnfields(result); ++column) {
        reply.rows.back().emplace_back(PQgetvalue(result, row, column), PQgetlength(result, row, column));
      }
    }
    PQclear(result);
  }
}

Reply Session::run(const std::string& sql, const std::vector<std::string>& parameters) {
  if (!usable()) return {Failure{"", "the connection is broken"}, {}};
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  // Without parameters by the simple protocol, which takes several statements: only our own texts go that way.
  int sent = parameters.empty() ? PQsendQuery(connection_, sql.c_str())
                                : PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                                                    values.data(), nullptr, nullptr, 0);
  if (sent == 0) return {Failure{"", one_line(PQerrorMessage(connection_))}, {}};
  return collect();
}

Reply Session::prepare(const std::string& name, const std::string& sql) {
  if (!usable()) return {Failure{"", "the connection is broken"}, {}};
  if (PQsendPrepare(connection_, name.c_str(), sql.c_str(), 0, nullptr) == 0) {
    return {Failure{"", one_line(PQerrorMessage(connection_))}, {}};
  }
  Reply reply = collect();
  if (reply.failure || PQsendDescribePrepared(connection_, name.c_str()) == 0) return reply;
  reply = collect();
  if (!reply.failure && reply.rows.empty()) reply.rows.push_back({"0"});
  return reply;
}

std::string Session::database() const { return PQdb(connection_) ? PQdb(connection_) : ""; }
std::string Session::port() const { return PQport(connection_) ? PQport(connection_) : ""; }
std::string Session::host() const { return PQhost(connection_) ? PQhost(connection_) : ""; }
int Session::version() const { return PQserverVersion(connection_); }

}  // namespace culprit::ask
