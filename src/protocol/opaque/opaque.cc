#include "protocol/opaque/opaque.h"

#include <algorithm>
#include <utility>

namespace culprit {

namespace {
constexpr size_t kMaxTexts = 16;  // texts that are listed per turn; all are counted
// The limit for turns without a reported text. After 1 s of silence, bytes from the server count as unsolicited (a
// subscription, a keep-alive). A client that sends for 1 s without an answer expects none (a stream of logs). Without
// the limit, both would become requests that last as long as the connection.
constexpr int64_t kPause = 1'000'000'000;
}  // namespace

void OpaqueConversation::begin_turn(int64_t time_ns, uint32_t flags) {
  turn_ = Turn{};
  turn_.token = begin_request(time_ns, 0);
  turn_.begin_ns = time_ns;
  turn_.flags = flags;
  under_way_ = true;
}

void OpaqueConversation::feed(From from, int64_t time_ns, std::string_view, std::string_view, uint64_t length_bytes) {
  if (from == From::Server) return reply(time_ns, length_bytes);
  if (under_way_ && turn_.first_reply_ns != 0) end_turn(turn_.last_reply_ns, 0);
  any_bytes_ = true;
  if (!under_way_) begin_turn(time_ns, 0);
  turn_.last_request_ns = time_ns;
  turn_.request_bytes += length_bytes;
}

void OpaqueConversation::reply(int64_t time_ns, uint64_t length_bytes) {
  // With TLS the client sends first. If the first captured bytes come from the server, they answer an earlier request.
  if (!std::exchange(any_bytes_, true) && protocol_ == "tls") begin_turn(time_ns, kBegunBefore);
  if (!under_way_) return;
  if (turn_.first_reply_ns == 0)
    turn_.first_reply_ns = time_ns;
  else if (turn_.runs.empty() && time_ns - turn_.last_reply_ns > kPause)
    return;
  turn_.last_reply_ns = time_ns;
  turn_.reply_bytes += length_bytes;
  answered_request(turn_.token);
}

void OpaqueConversation::gap(From from, int64_t time_ns, uint64_t length_bytes) {
  feed(from, time_ns, {}, {}, length_bytes);
  turn_.flags |= kHole;
}

// A server reports its text at each message: Parse, Bind and Execute of one statement report the same text.
void OpaqueConversation::set_statement_text(int64_t, std::string_view text, bool cut) {
  if (!under_way_ || text.empty()) return;
  std::shared_ptr<const NormalisedSql> sql = sql_->normalise(text, cut ? SqlText::Cut : SqlText::Whole);
  if (sql->statements.empty()) return;
  counts_.redacted += sql->literals;
  counts_.truncated += sql->cut;
  counts_.bad_utf8 += sql->bad_utf8;
  bool known = std::any_of(turn_.runs.begin(), turn_.runs.end(), [&](const SqlRun& run) {
    return run.sql == sql || run.sql->statements[0].id == sql->statements[0].id;
  });
  if (known) return;
  turn_.executed += sql->count;
  if (turn_.runs.size() < kMaxTexts) turn_.runs.push_back({std::move(sql), {}});
}

void OpaqueConversation::end_turn(int64_t end_ns, uint32_t flags) {
  under_way_ = false;
  Exchange exchange;
  exchange.begin_ns = turn_.begin_ns;
  exchange.first_reply_ns = turn_.first_reply_ns;
  exchange.end_ns = std::max(end_ns, turn_.begin_ns);
  exchange.request_bytes = turn_.request_bytes;
  exchange.reply_bytes = turn_.reply_bytes;
  exchange.flags = turn_.flags | kOpaque | flags;
  counts_.gap_requests += (exchange.flags & kHole) != 0;
  if (turn_.runs.empty()) {
    exchange.protocol = protocol_;
    exchange.name = "exchange";
  } else {
    exchange.protocol = "postgresql";  // the only server whose texts are reported
    add_attribute(exchange, "db.system.name", std::string("postgresql"));
    describe_sql(exchange, turn_.runs, turn_.executed);
  }
  end_request(turn_.token, std::move(exchange));
}

void OpaqueConversation::close(int64_t time_ns, Closing why) {
  if (!under_way_) return;
  const bool one_way = turn_.first_reply_ns == 0 && turn_.last_request_ns - turn_.begin_ns > kPause;
  if (one_way && turn_.runs.empty()) {
    under_way_ = false;
    return drop_request(turn_.token);
  }
  if (turn_.first_reply_ns != 0 && turn_.last_reply_ns >= turn_.last_request_ns)
    return end_turn(turn_.last_reply_ns, 0);
  end_turn(time_ns, why == Closing::ConnectionClosed ? kUnanswered : kUnfinished);
}

std::optional<CurrentRequest> OpaqueConversation::current() const {
  if (!under_way_) return std::nullopt;
  CurrentRequest current{turn_.begin_ns, {}};
  for (const SqlRun& run : turn_.runs) {
    if (!current.statement.empty()) current.statement += "; ";
    current.statement += run.sql->text();
  }
  return current;
}

}  // namespace culprit
