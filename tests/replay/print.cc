#include "replay/print.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "replay/notation.h"

namespace culprit::replay {

namespace {

constexpr size_t kWidth = 100;

// Milliseconds, as short as they are exact to a microsecond.
std::string ms(int64_t ns) {
  char buffer[32];
  auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, static_cast<double>(ns) / 1e6, std::chars_format::fixed, 3);
  std::string text(buffer, end);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string value_text(const Value& value) {
  std::string text = to_text(value);
  const bool plain = !text.empty() && text.find_first_of(" \"\\") == std::string::npos;
  return plain ? text : "\"" + text + "\"";
}

struct FlagName {
  uint32_t bit;
  std::string_view name;
};
constexpr FlagName kFlags[] = {
    {kUnfinished, "unfinished"},
    {kBegunBefore, "begun_before"},
    {kTextUnknown, "text_unknown"},
    {kTextCut, "text_cut"},
    {kHole, "gap"},
    {kLossOverlap, "loss_overlap"},
    {kBatch, "batch"},
    {kOpaque, "opaque"},
    {kUnanswered, "unanswered"},
};

class Printer {
 public:
  explicit Printer(std::vector<Span>& spans) {
    std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.start_ns < b.start_ns; });
    for (const Span& span : spans) by_id_[span.span_id] = &span;
    for (const Span& span : spans)
      children_[by_id_.contains(span.parent_span_id) ? span.parent_span_id : 0].push_back(&span);
  }

  std::string print() {
    for (const Span* root : children_[0]) add(*root, nullptr, 0);
    return std::move(out_);
  }

 private:
  void add(const Span& span, const Span* parent, size_t depth) {
    const std::string indent(2 * depth, ' ');
    out_ += indent + span.service + " " + std::string(kKindNames[static_cast<size_t>(span.kind)]) + "  " +
            printable(span.name) + "  " + ms(span.start_ns - kStartWall) + ".." + ms(span.end_ns() - kStartWall);
    if (parent) out_ += "  by " + std::string(to_string(span.link));
    if (!parent && span.parent_span_id != 0) out_ += "  parent " + span_id_hex(span.parent_span_id);
    if (parent && span.link_confidence < 1) out_ += " (" + ms(static_cast<int64_t>(span.link_confidence * 1e6f)) + ")";
    out_ += "\n";
    for (const std::string& line : wrapped(facts_of(span, parent))) out_ += indent + "    " + line + "\n";
    for (const Span* child : children_[span.span_id]) add(*child, &span, depth + 1);
  }

  // What the other end of the same call says alike is not said twice.
  static std::vector<std::string> facts_of(const Span& span, const Span* parent) {
    std::vector<std::string> facts;
    for (const FlagName& flag : kFlags)
      if (span.flags & flag.bit) facts.emplace_back(flag.name);
    if (span.status == SpanStatus::Error) facts.push_back("error=\"" + printable(span.status_message) + "\"");
    const bool other_end = parent && span.link == LinkHow::Connection;
    for (const Attribute& attribute : span.attributes) {
      const Value* there = other_end ? find(parent->attributes, attribute.key) : nullptr;
      if (!there || *there != attribute.value)
        facts.push_back(attribute.key + "=" + printable(value_text(attribute.value)));
    }
    for (int wait = 0; span.waits.known && wait < kWaits; ++wait)
      if (span.waits.ns[wait] != 0) facts.push_back(std::string(kWaitNames[wait]) + ":" + ms(span.waits.ns[wait]));
    for (const Blocker& blocker : span.blockers)
      facts.push_back("blocker=\"" + std::string(to_string(blocker.wait)) + ":" + ms(blocker.duration_ns) + ":" +
                      std::to_string(blocker.pid) + (blocker.statement.empty() ? "" : " " + blocker.statement) + "\"");
    return facts;
  }

  static std::vector<std::string> wrapped(const std::vector<std::string>& facts) {
    std::vector<std::string> lines;
    for (const std::string& fact : facts) {
      if (lines.empty() || lines.back().size() + fact.size() + 1 > kWidth)
        lines.push_back(fact);
      else
        lines.back() += " " + fact;
    }
    return lines;
  }

  std::map<uint64_t, const Span*> by_id_;
  std::map<uint64_t, std::vector<const Span*>> children_;
  std::string out_;
};

}  // namespace

std::string printed(requests::RequestTracker& tracker) {
  std::string out = Printer(tracker.spans()).print();
  std::multiset<std::string> rows;
  for (const LedgerRow& row : tracker.ledger().rows("replay"))
    rows.insert("ledger  " + row.kind + " " + std::to_string(row.n) + " " + row.unit +
                (row.detail.empty() ? "" : ", " + row.detail) + "\n");
  for (const std::string& row : rows) out += row;
  return out;
}

}  // namespace culprit::replay
