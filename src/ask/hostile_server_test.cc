// Servers that send wrong data, do not answer, or are not the expected server.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

#include "ask/passfile.h"
#include "ask/postmaster.h"
#include "ask/reply_codec.h"
#include "ask/session.h"

namespace culprit::ask {
namespace {

std::string message(char tag, const std::string& body) {
  auto size = static_cast<uint32_t>(body.size() + 4);
  std::string out(1, tag);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift);
  return out + body;
}
std::string two_bytes(size_t number) { return {static_cast<char>(number >> 8), static_cast<char>(number)}; }
std::string four_bytes(size_t number) { return two_bytes(number >> 16) + two_bytes(number & 0xffff); }

const std::string kReady = message('Z', "I");
const std::string kLoggedIn = message('R', four_bytes(0)) +
                              message('S', std::string("server_version\0"
                                                       "15.1\0",
                                                       20)) +
                              kReady;
const std::string kDone = message('C', std::string("SET\0", 4)) + kReady;

std::string rows_of(size_t columns, size_t rows, const std::string& cell) {
  std::string description = two_bytes(columns), row = two_bytes(columns);
  for (size_t i = 0; i < columns; ++i) {
    description += std::string("c\0", 2) + four_bytes(0) + two_bytes(0) + four_bytes(25) + two_bytes(0xffff) +
                   four_bytes(0xffffffff) + two_bytes(0);
    row += four_bytes(cell.size()) + cell;
  }
  std::string out = message('T', description);
  for (size_t i = 0; i < rows; ++i) out += message('D', row);
  return out + message('C', std::string("SELECT 1\0", 9)) + kReady;
}

// Listens at the place of a PostgreSQL server, and sends the n-th answer after the n-th message.
class FakeServer {
 public:
  explicit FakeServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    char path[] = "/tmp/culprit-ask-XXXXXX";
    directory_ = mkdtemp(path);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string name = directory_ + "/.s.PGSQL.5432";
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 4) != 0)
      std::abort();
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeServer() {
    finish();
    close(listener_);
    unlink((directory_ + "/.s.PGSQL.5432").c_str());
    rmdir(directory_.c_str());
  }

  Login login(const std::string& database = "shop") const {
    Login login;
    login.parameters = {{"host", directory_}, {"port", "5432"}, {"dbname", database}, {"user", "u"}};
    login.peer = Peer{getpid(), geteuid(), getegid()};
    return login;
  }
  // Returns what the client sent. Call it after the session is gone: the server ends with its connection.
  std::string heard() {
    finish();
    return heard_;
  }

 private:
  void finish() {
    if (!thread_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
  }

  void serve() {
    int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    char bytes[4096];
    for (size_t turn = 0;; ++turn) {
      ssize_t n = read(connection, bytes, sizeof bytes);
      if (n <= 0) break;
      heard_.append(bytes, static_cast<size_t>(n));
      const std::string answer = turn < answers_.size() ? answers_[turn] : std::string();
      for (size_t at = 0; at < answer.size();) {
        ssize_t sent = send(connection, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += static_cast<size_t>(sent);
      }
    }
    close(connection);
  }

  std::vector<std::string> answers_;
  std::string directory_, heard_;
  int listener_;
  std::thread thread_;
};

int64_t elapsed_ms(const std::function<void()>& work) {
  auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
}

TEST(HostileServer, AnAnswerOfAnotherShapeIsAFailure) {
  FakeServer server({kLoggedIn, kDone, rows_of(1, 3, "x"), rows_of(2, 1, "y")});
  Result<Session> session = Session::open(server.login());
  ASSERT_TRUE(session.has_value()) << session.error().message;
  Reply reply = session.value().run("SELECT 11 columns", 11);
  ASSERT_TRUE(reply.failure.has_value());
  EXPECT_EQ(reply.failure->message, "the server answered with 1 columns instead of 11");
  reply = session.value().run("SELECT 2 columns", 2);
  ASSERT_FALSE(reply.failure.has_value()) << reply.failure->message;
  EXPECT_EQ(reply.rows, (std::vector<std::vector<std::string>>{{"y", "y"}}));
}

TEST(HostileServer, AnEndlessAnswerIsAFailure) {
  FakeServer server({kLoggedIn, kDone, rows_of(1, 12, std::string(1 << 20, 'x'))});
  Result<Session> session = Session::open(server.login());
  ASSERT_TRUE(session.has_value()) << session.error().message;
  Reply reply = session.value().run("SELECT", 1);
  ASSERT_TRUE(reply.failure.has_value());
  EXPECT_EQ(reply.failure->message, "the server's answer is too long");
}

// One cell of a gigabyte is announced, and a part of it comes.
TEST(HostileServer, AnAnswerOfAGigabyteIsAFailure) {
  constexpr size_t kCell = 1u << 30;
  std::string answer = rows_of(1, 0, "");
  answer.resize(answer.find("SELECT") - 5);  // only the description of the row
  answer += "D" + four_bytes(kCell + 10) + two_bytes(1) + four_bytes(kCell) + std::string(32u << 20, 'x');
  FakeServer server({kLoggedIn, kDone, answer});
  Result<Session> session = Session::open(server.login());
  ASSERT_TRUE(session.has_value()) << session.error().message;
  int64_t took_ms = elapsed_ms([&] { EXPECT_TRUE(session.value().run("SELECT", 1).failure.has_value()); });
  EXPECT_LT(took_ms, 10'000);
}

TEST(HostileServer, SilenceEnds) {
  FakeServer server({});
  int64_t took_ms = elapsed_ms([&] { EXPECT_FALSE(Session::open(server.login()).has_value()); });
  EXPECT_LT(took_ms, 10'000);
}

TEST(HostileServer, NonsenseIsAFailure) {
  for (const std::string& nonsense :
       {std::string(1000, '\xff'), message('R', four_bytes(7)), std::string("E\0\0\0\4", 5),
        message('G', std::string("\0\0\0", 3)), std::string("HTTP/1.1 200 OK\r\n\r\n")}) {
    FakeServer server({nonsense});
    EXPECT_FALSE(Session::open(server.login()).has_value());
  }
  FakeServer server({kLoggedIn, kDone, message('T', two_bytes(60'000))});
  Result<Session> session = Session::open(server.login());
  ASSERT_TRUE(session.has_value()) << session.error().message;
  EXPECT_TRUE(session.value().run("SELECT", 1).failure.has_value());
}

TEST(HostileServer, AStrangerHearsNothing) {
  FakeServer server({kLoggedIn, kDone});
  Login login = server.login();
  login.peer->pid = getppid();
  Result<Session> session = Session::open(login);
  ASSERT_FALSE(session.has_value());
  EXPECT_EQ(session.error().message, "another process listens on its socket");
  usleep(50'000);
  EXPECT_EQ(server.heard(), "");
}

TEST(HostileServer, ADatabasesNameIsOnlyAName) {
  const std::string name = "hostaddr=127.0.0.1 port=1 user=root";
  FakeServer server({kLoggedIn, kDone});
  {
    Result<Session> session = Session::open(server.login(name));
    ASSERT_TRUE(session.has_value()) << session.error().message;
    EXPECT_EQ(session.value().database(), name);
  }
  EXPECT_NE(server.heard().find(name), std::string::npos);
}

TEST(HostileServer, TheEnvironmentsPasswordStaysHere) {
  setenv("PGPASSWORD", "hunter2", 1);
  setenv("PGUSER", "root", 1);
  setenv("PGOPTIONS", "-c application_name=environment", 1);
  FakeServer server({message('R', four_bytes(3))});
  Result<Session> session = Session::open(server.login());
  unsetenv("PGPASSWORD");
  unsetenv("PGUSER");
  unsetenv("PGOPTIONS");
  EXPECT_FALSE(session.has_value());
  EXPECT_EQ(server.heard().find("hunter2"), std::string::npos);
  EXPECT_EQ(server.heard().find("environment"), std::string::npos);
}

TEST(HostileServer, TheHelpersDeathIsAWordInTheAnswer) {
  FakeServer server({kLoggedIn, kDone});
  Result<Session> session = Session::open(server.login());
  ASSERT_TRUE(session.has_value()) << session.error().message;
  std::ifstream children("/proc/thread-self/children");
  pid_t helper = 0;
  if (!(children >> helper)) GTEST_SKIP() << "the kernel does not tell a thread's children";
  // The helper has no capability and no open file of the parent.
  std::ifstream status("/proc/" + std::to_string(helper) + "/status");
  std::string text((std::istreambuf_iterator<char>(status)), {});
  EXPECT_NE(text.find("CapEff:\t0000000000000000"), std::string::npos) << text;
  EXPECT_NE(text.find("Seccomp:\t2"), std::string::npos) << text;
  kill(helper, SIGSEGV);
  Reply reply = session.value().run("SELECT 1", 1);
  ASSERT_TRUE(reply.failure.has_value());
  EXPECT_NE(reply.failure->message.find("died"), std::string::npos) << reply.failure->message;
  EXPECT_FALSE(session.value().usable());
}

TEST(PostmasterFile, OnlyARegularFileOfTheRightOwnerIsRead) {
  char path[] = "/tmp/culprit-ask-XXXXXX";
  const std::string directory = mkdtemp(path), file = directory + "/postmaster.pid", link = directory + "/link",
                    pipe = directory + "/pipe", large = directory + "/large";
  std::ofstream(file) << "4711\n/data\n1\n5432\n/run\n";
  std::ofstream(large) << std::string(10'000, 'x');
  ASSERT_EQ(symlink(file.c_str(), link.c_str()), 0);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(read_file_of(file, geteuid()), "");
  EXPECT_EQ(read_file_of(file, geteuid() + 1), "");
  EXPECT_EQ(read_file_of(link, geteuid()), "");
  EXPECT_EQ(read_file_of(large, geteuid()), "");
  EXPECT_EQ(read_file_of(directory, geteuid()), "");
  int64_t took_ms = elapsed_ms([&] { EXPECT_EQ(read_file_of(pipe, geteuid()), ""); });
  EXPECT_LT(took_ms, 1000);
  for (const std::string& one : {file, link, pipe, large}) unlink(one.c_str());
  rmdir(directory.c_str());
}

TEST(PostmasterFile, ASocketDirectoryIsNoListOfHosts) {
  EXPECT_FALSE(parse_postmaster_file("4711\n/data\n1\n5432\n/run,evil.example\n").has_value());
  EXPECT_FALSE(parse_postmaster_file("4711\n/data\n1\n5432\nevil.example\n").has_value());
}

TEST(Passfile, TheFirstLineThatFitsCounts) {
  const std::string content = "# a comment\nother:*:*:*:no\ndb:5432:shop:u:se\\:cret\n*:*:*:*:last\n";
  EXPECT_EQ(password_in(content, {{"host", "db"}, {"dbname", "shop"}, {"user", "u"}}), "se:cret");
  EXPECT_EQ(password_in(content, {{"host", "db"}, {"port", "1"}, {"user", "u"}}), "last");
  EXPECT_EQ(password_in("db:5432:shop:u", {{"host", "db"}}), "");
}

TEST(ReplyCodec, BothEndsAgree) {
  Reply reply{{}, {{"a", ""}, {"b", "c"}}};
  EXPECT_EQ(decode_reply(encode(reply), 2).rows, reply.rows);
  EXPECT_TRUE(decode_reply(encode(reply), 3).failure.has_value());
  EXPECT_TRUE(decode_reply("", 0).failure.has_value());
  EXPECT_EQ(decode_reply(encode(Reply{Failure{"42P01", "no"}, {}}), 2).failure->state, "42P01");
  Request request{Request::Kind::Prepare, "n", "SELECT $1", {"x"}};
  std::optional<Request> back = decode_request(encode(request));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->sql, request.sql);
  EXPECT_EQ(back->parameters, request.parameters);
  EXPECT_FALSE(decode_request("\1").has_value());
}

}  // namespace
}  // namespace culprit::ask
