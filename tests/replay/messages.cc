#include "replay/messages.h"

#include <cstdint>
#include <map>

#include "replay/words.h"

namespace culprit::replay {

namespace {

using namespace std::string_literals;

std::string big_endian(uint32_t n, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(n >> shift);
  return out;
}
std::string tagged(char tag, const std::string& body) {
  return tag + big_endian(static_cast<uint32_t>(body.size() + 4), 4) + body;
}
std::string zero_ended(const std::string& text) { return text + '\0'; }

std::string value(const std::string& text) { return big_endian(static_cast<uint32_t>(text.size()), 4) + text; }

// bind(portal, statement, value…)
std::string bind(const Call& call) {
  std::string body = zero_ended(call.arguments[0]) + zero_ended(call.arguments[1]) + "\0\0"s;
  body += big_endian(static_cast<uint32_t>(call.arguments.size() - 2), 2);
  for (size_t i = 2; i < call.arguments.size(); ++i) body += value(call.arguments[i]);
  return tagged('B', body + "\0\0"s);
}

std::string startup(const Call& call) {
  std::string body = big_endian(3u << 16, 4) + zero_ended("user") + zero_ended(call.arguments[0]) +
                     zero_ended("database") + zero_ended(call.arguments[1]) + '\0';
  return big_endian(static_cast<uint32_t>(body.size() + 4), 4) + body;
}

std::string error_response(const Call& call) {
  return tagged('E', "S" + zero_ended(call.arguments[0]) + "V" + zero_ended(call.arguments[0]) + "C" +
                         zero_ended(call.arguments[1]) + "M" + zero_ended("with a value 4711") + '\0');
}

Result<std::string> with_number(const Call& call, std::string (*make)(uint32_t)) {
  return make(static_cast<uint32_t>(TRY(number(call.arguments[0]))));
}

struct Kind {
  size_t arguments;  // at least
  Result<std::string> (*bytes)(const Call& call);
};
using S = Result<std::string>;

// PostgreSQL documentation, "Message Formats".
const std::map<std::string, Kind, std::less<>> kKinds = {
    // of the client
    {"startup", {2, [](const Call& c) -> S { return startup(c); }}},
    {"query", {1, [](const Call& c) -> S { return tagged('Q', zero_ended(c.arguments[0])); }}},
    {"parse",
     {2,
      [](const Call& c) -> S {
        return tagged('P', zero_ended(c.arguments[0]) + zero_ended(c.arguments[1]) + "\0\0"s);
      }}},
    {"bind", {2, [](const Call& c) -> S { return bind(c); }}},
    {"execute",
     {2,
      [](const Call& c) -> S {
        return tagged('E',
                      zero_ended(c.arguments[0]) + big_endian(static_cast<uint32_t>(TRY(number(c.arguments[1]))), 4));
      }}},
    {"sync", {0, [](const Call&) -> S { return tagged('S', ""); }}},
    {"close_statement", {1, [](const Call& c) -> S { return tagged('C', "S" + zero_ended(c.arguments[0])); }}},
    {"terminate", {0, [](const Call&) -> S { return tagged('X', ""); }}},
    {"cancel_request",
     {0, [](const Call&) -> S { return big_endian(16, 4) + big_endian(1234u << 16 | 5678, 4) + "pid_key_"; }}},
    // of both
    {"copy_data",
     {1,
      [](const Call& c) -> S { return with_number(c, [](uint32_t n) { return tagged('d', std::string(n, 'c')); }); }}},
    {"copy_done", {0, [](const Call&) -> S { return tagged('c', ""); }}},
    // of the server
    {"parameter",
     {2, [](const Call& c) -> S { return tagged('S', zero_ended(c.arguments[0]) + zero_ended(c.arguments[1])); }}},
    {"parsed", {0, [](const Call&) -> S { return tagged('1', ""); }}},
    {"bound", {0, [](const Call&) -> S { return tagged('2', ""); }}},
    {"closed", {0, [](const Call&) -> S { return tagged('3', ""); }}},
    {"row", {1, [](const Call& c) -> S { return tagged('D', big_endian(1, 2) + value(c.arguments[0])); }}},
    {"complete", {1, [](const Call& c) -> S { return tagged('C', zero_ended(c.arguments[0])); }}},
    {"suspended", {0, [](const Call&) -> S { return tagged('s', ""); }}},
    {"copy_in", {0, [](const Call&) -> S { return tagged('G', "\0\0\0"s); }}},
    {"copy_out", {0, [](const Call&) -> S { return tagged('H', "\0\0\0"s); }}},
    {"error", {2, [](const Call& c) -> S { return error_response(c); }}},
    {"authenticated", {0, [](const Call&) -> S { return tagged('R', big_endian(0, 4)); }}},
    {"ready", {0, [](const Call& c) -> S { return tagged('Z', c.arguments.empty() ? "I" : c.arguments[0]); }}},
    // of any protocol
    {"bytes", {1, [](const Call& c) -> S { return with_number(c, [](uint32_t n) { return std::string(n, 'x'); }); }}},
};

Result<std::string> message(std::string_view word) {
  if (word.starts_with('"')) return unquoted(word);
  const Call call = TRY(call_of(word));
  auto kind = kKinds.find(call.name);
  if (kind == kKinds.end()) return mistake("no such message: " + call.name);
  if (call.arguments.size() < kind->second.arguments)
    return mistake(call.name + " takes " + std::to_string(kind->second.arguments) + " arguments");
  return kind->second.bytes(call);
}

}  // namespace

Result<std::string> payload(std::string_view word) {
  int64_t count = 1;
  if (const size_t star = word.find('*'); star != std::string_view::npos && star < word.find_first_of("(\"")) {
    count = TRY(number(word.substr(0, star)));
    word.remove_prefix(star + 1);
  }
  std::string one;
  if (word.starts_with('(') && word.ends_with(')')) {
    for (const std::string& part : TRY(words_of(word.substr(1, word.size() - 2)))) one += TRY(message(part));
  } else {
    one = TRY(message(word));
  }
  std::string all;
  for (; count > 0; --count) all += one;
  return all;
}

}  // namespace culprit::replay
