// For tests: builds PostgreSQL messages and a conversation that receives them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/registry/conversation_testing.h"

namespace culprit::postgresql::testing {

using namespace std::string_literals;

inline std::string big_endian(uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
          static_cast<char>(number)};
}
inline std::string message(char tag, const std::string& body) {
  return tag + big_endian(static_cast<uint32_t>(body.size() + 4)) + body;
}
inline std::string query(const std::string& text) { return message('Q', text + '\0'); }
inline std::string parse(const std::string& name, const std::string& text) {
  return message('P', name + '\0' + text + '\0' + "\0\0"s);
}
inline std::string bound_to(const std::string& portal, const std::string& name, const std::string& value = "42") {
  return message('B', portal + '\0' + name + '\0' + "\0\0\0\1"s + big_endian(static_cast<uint32_t>(value.size())) +
                          value + "\0\0"s);
}
inline std::string execute(const std::string& portal = "", uint32_t most_rows = 0) {
  return message('E', portal + '\0' + big_endian(most_rows));
}
inline std::string complete(const std::string& tag) { return message('C', tag + '\0'); }
inline const std::string kSync = message('S', ""), kParsed = message('1', ""), kBound = message('2', "");
inline std::string ready(char status = 'I') { return message('Z', std::string(1, status)); }
inline std::string row(size_t size_bytes) {
  return message('D', "\0\1"s + big_endian(static_cast<uint32_t>(size_bytes)) + std::string(size_bytes, 'r'));
}
inline std::string error(const std::string& severity, const std::string& state) {
  return message('E', "S"s + severity + '\0' + "V" + severity + '\0' + "C" + state + '\0' + "Msecret 4711\0"s + '\0');
}

class ConversationTest : public ::testing::Test {
 protected:
  void client(const std::string& bytes) { conversation->feed(From::Client, ++now, bytes, {}, bytes.size()); }
  void server(const std::string& bytes) { conversation->feed(From::Server, ++now, bytes, {}, bytes.size()); }
  // Feeds a long segment in the form in which the recorder keeps it.
  void cut(From from, const std::string& bytes, size_t head, size_t tail) {
    conversation->feed(from, ++now, std::string_view(bytes).substr(0, head),
                       std::string_view(bytes).substr(bytes.size() - tail), bytes.size());
  }
  Exchange one() {
    auto all = take_finished(*conversation);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Exchange{} : all[0];
  }
  static std::string_view text(const Exchange& exchange) { return find_text(exchange.attributes, "db.query.text"); }
  static int64_t rows(const Exchange& exchange) {
    return find_integer(exchange.attributes, "db.response.returned_rows", -1);
  }

  std::unique_ptr<Conversation> conversation = make_conversation("postgresql");
  int64_t now = 0;
};

}  // namespace culprit::postgresql::testing
