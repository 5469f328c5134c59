#include "ask/session.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "ask/helper.h"
#include "ask/reply_codec.h"

namespace culprit::ask {

namespace {

constexpr int64_t kSlackMs = 500;  // additional time for the helper itself, on a busy machine
// The time for a login and for the session's settings.
constexpr int64_t kOpenMs = kConnectMs + kAnswerMs + kSlackMs;
constexpr int64_t kReplyMs = kAnswerMs + kSlackMs;

}  // namespace

Result<Session> Session::open(const Login& login, const CancelToken* cancel) {
  TRY(check_cancelled(cancel));
  Helper helper = TRY(start_helper(login));
  Session session(helper.pid, helper.channel, cancel);
  Reply first = session.answer(3, kOpenMs);
  if (first.failure) return Error{Error::Kind::Unavailable, first.failure->message};
  if (first.rows.size() != 1)
    return Error{Error::Kind::Unavailable, "the helper process did not report its connection"};
  session.database_ = first.rows[0][0];
  session.port_ = first.rows[0][1];
  session.host_ = first.rows[0][2];
  return session;
}

Session::Session(Session&& other) noexcept { *this = std::move(other); }

Session& Session::operator=(Session&& other) noexcept {
  std::swap(helper_, other.helper_);
  std::swap(channel_, other.channel_);
  std::swap(cancel_, other.cancel_);
  std::swap(database_, other.database_);
  std::swap(port_, other.port_);
  std::swap(host_, other.host_);
  return *this;
}

Session::~Session() { end(); }

void Session::end() {
  if (channel_ >= 0) close(channel_);
  channel_ = -1;
  if (helper_ <= 0) return;
  kill(helper_, SIGKILL);
  while (waitpid(helper_, nullptr, 0) < 0 && errno == EINTR) {
  }
  helper_ = -1;
}

Reply Session::give_up(std::string why) {
  end();
  return {Failure{"", std::move(why)}, {}};
}

Reply Session::answer(size_t columns, int64_t limit_ms) {
  std::optional<std::string> bytes = receive_message(channel_, limit_ms, cancel_);
  if (bytes) return decode_reply(*bytes, columns);
  if (cancel_ != nullptr && cancel_->requested()) return give_up("stopped on request");
  char none;
  bool ended = recv(channel_, &none, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
  int status = 0;
  bool died = false;
  constexpr int kTurns = 50;  // of 2 ms each: a process closes its channel shortly before it ends
  for (int turn = 0; !died && turn < (ended ? kTurns : 1); ++turn) {
    if (turn > 0) usleep(2000);
    died = waitpid(helper_, &status, WNOHANG) == helper_;
  }
  if (died) helper_ = -1;
  if (died && WIFSIGNALED(status))
    return give_up("the helper process that asked it died (signal " + std::to_string(WTERMSIG(status)) + ")");
  return give_up(died ? "the helper process that asked it died" : "the server did not answer in time");
}

Reply Session::run(const std::string& sql, size_t columns, const std::vector<std::string>& parameters) {
  if (!usable()) return {Failure{"", "the connection is broken"}, {}};
  if (!send_message(channel_, encode(Request{Request::Kind::Run, {}, sql, parameters})))
    return give_up("the helper process that asked it died");
  return answer(columns, kReplyMs);
}

Reply Session::prepare(const std::string& name, const std::string& sql) {
  if (!usable()) return {Failure{"", "the connection is broken"}, {}};
  if (!send_message(channel_, encode(Request{Request::Kind::Prepare, name, sql, {}})))
    return give_up("the helper process that asked it died");
  Reply reply = answer(1, 2 * kReplyMs);  // two round trips: parse, describe
  if (!reply.failure && reply.rows.size() != 1) return {Failure{"", "the server's answer could not be read"}, {}};
  return reply;
}

}  // namespace culprit::ask
