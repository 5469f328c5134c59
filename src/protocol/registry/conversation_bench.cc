// Measures nanoseconds per exchange: the recorder's cost for a busy server's connection. The result is checked.
#include <chrono>
#include <cstdio>
#include <string>

#include "base/check.h"
#include "protocol/registry/conversation_testing.h"

namespace culprit {
namespace {

using namespace std::string_literals;

struct Script {
  const char* name;
  const char* protocol;
  std::string setup, request, answer, expected;
};

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void run(const Script& script) {
  constexpr int kExchanges = 200'000;
  auto conversation = make_conversation(script.protocol);
  if (!script.setup.empty()) conversation->feed(From::Client, 1, script.setup, {}, script.setup.size());
  int right = 0;
  int64_t begin = now_ns();
  for (int i = 0; i < kExchanges; ++i) {
    conversation->feed(From::Client, 2, script.request, {}, script.request.size());
    conversation->feed(From::Server, 3, script.answer, {}, script.answer.size());
    for (const Exchange& exchange : take_finished(*conversation)) right += exchange.name == script.expected;
  }
  int64_t took = now_ns() - begin;
  CHECK(right == kExchanges, "every exchange must have its expected name");
  std::printf("%-24s %5lld ns/exchange (%d of %d right)\n", script.name, static_cast<long long>(took / kExchanges),
              right, kExchanges);
}

}  // namespace
}  // namespace culprit

int main() {
  using namespace culprit;
  std::string ready = "Z\0\0\0\5I"s, complete = "C\0\0\0\x0dSELECT 1\0"s, row = "D\0\0\0\x0b\0\1\0\0\0\1x"s;
  run({"simple", "postgresql", "", "Q\0\0\0\x2cSELECT abalance FROM accounts WHERE 1=1\0"s, row + complete + ready,
       "SELECT accounts"});
  run({"prepared", "postgresql", "P\0\0\0\x2bP0\0SELECT a FROM accounts WHERE b=$1\0\0\0"s,
       "B\0\0\0\x13\0P0\0\0\0\0\1\0\0\0\1x\0\0"s + "E\0\0\0\x09\0\0\0\0\0S\0\0\0\4"s,
       "2\0\0\0\4"s + row + complete + ready, "SELECT accounts"});
  run({"http", "http", "", "GET /orders/42?x=1 HTTP/1.1\r\nHost: shop:80\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello", "GET /orders/{id}"});
}
