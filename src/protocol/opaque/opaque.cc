#include "protocol/opaque/opaque.h"

#include <algorithm>
#include <utility>

namespace culprit {

namespace {
constexpr size_t kMaxTexts = 16;  // told in one turn; more are one batch all the same
// Of a turn that nobody names: what comes after such a pause is taken for news that nobody asked for (a subscription, a
// keep-alive), and who sends for so long without an answer for somebody who waits for none (a stream of logs). Both would
// else be requests as long as the connection.
constexpr int64_t kPause = 1'000'000'000;
}  // namespace

void OpaqueConversation::feed(From from, int64_t time_ns, std::string_view, std::string_view, uint64_t length_bytes) {
  if (from == From::Client) {
    if (under_way_ && turn_.first_reply_ns != 0) {
      finished_.push_back(exchange_of(turn_, turn_.last_reply_ns));
      under_way_ = false;
    }
    any_bytes_ = true;
    if (!under_way_) turn_ = Turn{};
    if (!std::exchange(under_way_, true)) turn_.begin_ns = time_ns;
    turn_.last_request_ns = time_ns;
    turn_.request_bytes += length_bytes;
    return;
  }
  reply(time_ns, length_bytes);
}

void OpaqueConversation::reply(int64_t time_ns, uint64_t length_bytes) {
  // Under TLS the client speaks first; where the first bytes seen are the server's, they answer what was sent before.
  if (!std::exchange(any_bytes_, true) && protocol_ == "tls") {
    turn_ = Turn{};
    turn_.begin_ns = time_ns;
    turn_.flags = kBegunBefore;
    under_way_ = true;
  }
  if (!under_way_) return;  // nobody's answer
  if (turn_.first_reply_ns == 0)
    turn_.first_reply_ns = time_ns;
  else if (turn_.runs.empty() && time_ns - turn_.last_reply_ns > kPause)
    return;
  turn_.last_reply_ns = time_ns;
  turn_.reply_bytes += length_bytes;
}

void OpaqueConversation::hole(From from, int64_t time_ns, uint64_t length_bytes) {
  feed(from, time_ns, {}, {}, length_bytes);
  turn_.flags |= kHole;
}

// A server reports when it begins with a message: Parse, Bind and Execute of one statement tell the same text.
void OpaqueConversation::told_text(int64_t, std::string_view text, bool cut) {
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

Exchange OpaqueConversation::exchange_of(const Turn& turn, int64_t end_ns) const {
  Exchange exchange;
  exchange.begin_ns = turn.begin_ns;
  exchange.first_reply_ns = turn.first_reply_ns;
  exchange.end_ns = end_ns;
  exchange.request_bytes = turn.request_bytes;
  exchange.reply_bytes = turn.reply_bytes;
  exchange.flags = turn.flags | kOpaque | (end_ns == 0 ? uint32_t{kUnfinished} : 0u);
  if (turn.runs.empty()) {
    exchange.protocol = protocol_;
    exchange.name = "exchange";
    return exchange;
  }
  exchange.protocol = "postgresql";  // the only server whose reports we have
  add_attribute(exchange, "db.system.name", std::string("postgresql"));
  describe_sql(exchange, turn.runs, turn.executed);
  return exchange;
}

std::vector<Exchange> OpaqueConversation::take_finished() { return std::exchange(finished_, {}); }

// A turn may be over, for all that can be seen: it is finished only by the next one.
std::vector<Exchange> OpaqueConversation::open() const {
  if (!under_way_) return {};
  const bool one_way = turn_.first_reply_ns == 0 && turn_.last_request_ns - turn_.begin_ns > kPause;
  if (one_way && turn_.runs.empty()) return {};
  return {exchange_of(turn_, turn_.last_reply_ns)};
}

ConversationCounts OpaqueConversation::take_counts() { return std::exchange(counts_, {}); }

}  // namespace culprit
