#include <gtest/gtest.h>

#include <random>
#include <string>

#include "protocol/registry/registry.h"

namespace culprit {
namespace {

using namespace std::string_view_literals;

void expect(std::string_view bytes, std::string_view protocol, From from) {
  Recognised found = Protocols().recognise(bytes);
  EXPECT_EQ(found.protocol, protocol) << bytes;
  EXPECT_EQ(found.from, from) << bytes;
}

TEST(Recognise, PostgresqlFromItsStartAndInTheMiddle) {
  expect("\0\0\0\x0d\0\3\0\0user\0"sv, "postgresql", From::Client);
  expect("\0\0\0\x08\x04\xd2\x16\x2f"sv, "postgresql", From::Client);
  expect("Q\0\0\0\x0dSELECT 1\0"sv, "postgresql", From::Client);
  expect("B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\4"sv, "postgresql", From::Client);
  expect("B\0\0\0\x0e\0s1\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\4"sv, "postgresql", From::Client);
  expect("P\0\0\0\x12s1\0SELECT 1\0\0\0"sv, "postgresql", From::Client);
  expect("2\0\0\0\4D\0\0\0\x0b\0\1\0\0\0\1xC\0\0\0\x0dSELECT 1\0Z\0\0\0\5I"sv, "postgresql", From::Server);
  expect("C\0\0\0\x0dSELECT 1\0Z\0\0\0\5I"sv, "postgresql", From::Server);
  expect("Z\0\0\0\5T"sv, "postgresql", From::Server);
}

TEST(Recognise, HttpAndTls) {
  for (std::string_view request : {"GET / HTTP/1.1\r\n"sv, "PATCH /a HTTP/1.1\r\n"sv, "OPTIONS * HTTP/1.1\r\n"sv,
                                   "CONNECT h:443 HTTP/1.1\r\n"sv, "DELETE /very/long/pa"sv})
    expect(request, "http", From::Client);
  expect("HTTP/1.1 200 OK\r\n"sv, "http", From::Server);
  expect("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"sv, "tls", From::Client);
  expect("\x16\x03\x03\x00\x7a\x02\x00\x00\x76"sv, "tls", From::Server);
  EXPECT_EQ(Protocols().recognise("\x17\x03\x03\x00\x40garbage"sv).protocol, "tls");
}

TEST(Recognise, NotOthers) {
  for (std::string_view other : {"*1\r\n$4\r\nPING\r\n"sv,
                                 "+PONG\r\n"sv,
                                 "-ERR x\r\n"sv,
                                 "$5\r\nhello\r\n"sv,
                                 ":1\r\n"sv,
                                 "PING\r\n"sv,
                                 "GET key\r\n"sv,
                                 "SET a b\r\n"sv,
                                 "\x0e\0\0\0\3select 1 + 1"sv,
                                 "\x51\0\0\0\3select * from t where a = 1 and b = 2"sv,
                                 "\x4a\0\0\0\x0a"
                                 "8.0.36\0\x08\0\0\0abcdefgh\0"sv,
                                 "\x42\0\0\0\x17\1\0\0\0\0\1\0\0\0\0\1"sv,
                                 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv,
                                 "SSH-2.0-OpenSSH_9.2\r\n"sv,
                                 "EHLO mail\r\n"sv,
                                 "220 mail ESMTP\r\n"sv,
                                 "{\"json\": 1}"sv,
                                 "S"sv,
                                 "N"sv,
                                 "get a b c\r\n"sv,
                                 "\0\0\0\0\0\0\0\0\0\0\0\0"sv})
    EXPECT_EQ(Protocols().recognise(other).protocol, "") << other;
}

TEST(Recognise, HardlyEverRandomBytes) {
  std::mt19937 random(7);
  int wrong = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string bytes;
    for (size_t n = 4 + random() % 100; n > 0; --n) bytes += static_cast<char>(random());
    wrong += !Protocols().recognise(bytes).protocol.empty();
  }
  EXPECT_LE(wrong, 20);  // a TLS record head has only five bytes: about one false match in 10^5
}

TEST(Recognise, WaitsForMore) {
  EXPECT_FALSE(Protocols().recognise("GE").final);
  EXPECT_FALSE(Protocols().recognise("Q\0\0"sv).final);
  EXPECT_TRUE(Protocols().recognise(std::string(100, 'x')).final);
}

}  // namespace
}  // namespace culprit
