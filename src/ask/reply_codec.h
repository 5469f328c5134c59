// Requests and replies between a session and its helper, as bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ask/session.h"

namespace culprit::ask {

struct Request {
  enum class Kind : uint8_t { Run, Prepare } kind = Kind::Run;
  std::string name, sql;  // name: of the prepared statement
  std::vector<std::string> parameters;
};

constexpr size_t kMaxReplyBytes = 8u << 20;
constexpr size_t kMaxRows = 10'000;
constexpr size_t kMaxColumns = 64;

std::string encode(const Request& request);
std::optional<Request> decode_request(std::string_view bytes);

std::string encode(const Reply& reply);
// The input is foreign. Returns a failure if the bytes are no valid reply, or if a row does not have `columns` columns.
Reply decode_reply(std::string_view bytes, size_t columns);

}  // namespace culprit::ask
