#include "ask/reply_codec.h"

#include "base/packed.h"
#include "base/text.h"

namespace culprit::ask {

namespace {

enum Tag : uint8_t { kFailure = 1, kRows = 2 };

Reply malformed(std::string why) { return {Failure{"", std::move(why)}, {}}; }

}  // namespace

std::string encode(const Request& request) {
  PackedWriter out;
  out.u8(static_cast<uint8_t>(request.kind));
  out.text(request.name);
  out.text(request.sql);
  out.varint(request.parameters.size());
  for (const std::string& parameter : request.parameters) out.text(parameter);
  return out.take();
}

std::optional<Request> decode_request(std::string_view bytes) {
  PackedReader in(bytes);
  Request request;
  request.kind = in.u8() == static_cast<uint8_t>(Request::Kind::Prepare) ? Request::Kind::Prepare : Request::Kind::Run;
  request.name = in.text();
  request.sql = in.text();
  uint64_t parameters = in.varint();
  for (uint64_t i = 0; i < parameters && !in.failed(); ++i) request.parameters.emplace_back(in.text());
  if (in.failed() || !in.at_end()) return std::nullopt;
  return request;
}

std::string encode(const Reply& reply) {
  PackedWriter out;
  if (reply.failure) {
    out.u8(kFailure);
    out.text(reply.failure->state);
    out.text(reply.failure->message);
    return out.take();
  }
  out.u8(kRows);
  out.varint(reply.rows.size());
  for (const std::vector<std::string>& row : reply.rows) {
    out.varint(row.size());
    for (const std::string& cell : row) out.text(cell);
  }
  return out.take();
}

Reply decode_reply(std::string_view bytes, size_t columns) {
  PackedReader in(bytes);
  uint8_t tag = in.u8();
  Reply reply;
  if (tag == kFailure) {
    Failure failure;
    failure.state = printable(in.text());
    failure.message = printable(in.text());
    return {std::move(failure), {}};
  }
  uint64_t rows = in.varint();
  if (tag != kRows || in.failed() || rows > kMaxRows) return malformed("the server's answer could not be read");
  for (uint64_t i = 0; i < rows; ++i) {
    uint64_t cells = in.varint();
    if (cells != columns)
      return malformed("the server answered with " + std::to_string(cells) + " columns instead of " +
                       std::to_string(columns));
    std::vector<std::string>& row = reply.rows.emplace_back();
    for (uint64_t cell = 0; cell < cells; ++cell) row.emplace_back(in.text());
    if (in.failed()) return malformed("the server's answer could not be read");
  }
  return reply;
}

}  // namespace culprit::ask
