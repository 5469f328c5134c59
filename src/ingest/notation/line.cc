#include "ingest/notation/line.h"

#include "base/text.h"
#include "ingest/notation/machine.h"
#include "ingest/notation/scanner.h"
#include "ingest/notation/waits.h"

namespace culprit::notation {

namespace {

constexpr int64_t kMostSeconds = 1'000'000'000;
// A performance test may need a million traces of one block; a larger number is most likely a typing error.
constexpr int64_t kMostCopies = 1'000'000;

struct Range {
  int64_t from_ns, to_ns;
};

// Parses "0..31.5", in milliseconds.
std::optional<Range> parse_range(std::string_view word) {
  size_t dots = word.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  auto from = parse_decimal(word.substr(0, dots), 6, kMostMilliseconds),
       to = parse_decimal(word.substr(dots + 2), 6, kMostMilliseconds);
  if (!from || !to) return std::nullopt;
  return Range{*from, *to};
}

bool is_repeat_word(std::string_view word) {
  return word.size() > 1 && word[0] == 'x' && word.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

DamagedLine damaged(std::string_view before, std::string_view word, std::string_view after) {
  return {std::string(before) + "'" + printable(fitted(word, 40)) + "'" + std::string(after)};
}

std::variant<RepeatLine, DamagedLine> parse_repeat(std::string_view first, Scanner& scanner) {
  RepeatLine repeat;
  auto count = parse_decimal(first.substr(1), 0, kMostCopies);
  if (!count || *count == 0) return damaged("", first, " is not between x1 and x1000000");
  repeat.count = *count;
  for (std::string_view word = scanner.word(); !word.empty(); word = scanner.word()) {
    std::string_view value = scanner.word();
    auto duration_ns = parse_duration(value);
    if (word != "at" && word != "every") return damaged("", word, " is not at or every");
    if (!duration_ns || (word == "every" && *duration_ns < 0))
      return damaged("", value, " is not a duration like 250ms or 60s");
    (word == "at" ? repeat.offset_ns : repeat.every_ns) = *duration_ns;
  }
  if (repeat.every_ns > kMostSeconds * 1'000'000'000 / repeat.count)
    return DamagedLine{"these repeats at this interval take more than 30 years"};
  return repeat;
}

// Parses a line about the machine; returns nullopt for other lines.
std::optional<decltype(Line::content)> parse_machine(std::string_view first, Scanner& scanner) {
  std::optional<decltype(Line::content)> content;
  auto take = [&](auto&& parsed) {
    if (auto* why = std::get_if<Wrong>(&parsed))
      content = DamagedLine{std::move(*why)};
    else
      content = std::get<0>(std::move(parsed));
  };
  if (first == "@host") take(parse_host(scanner));
  if (first == "@process") take(parse_process(scanner));
  return content;
}

std::optional<SpanKind> parse_kind(std::string_view word) {
  static constexpr std::string_view kNames[] = {"unspecified", "internal", "server", "client", "producer", "consumer"};
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (word == kNames[i]) return static_cast<SpanKind>(i);
  return std::nullopt;
}

// Applies a word about the span's threads; returns nullopt if the word is not about threads.
std::optional<std::optional<DamagedLine>> apply_threads(const Word& word, SpanLine& line) {
  if (word.key == "pid") {
    auto pid = parse_decimal(word.value, 0, INT32_MAX);
    if (!pid || *pid <= 0) return damaged("", word.value, " is not a pid");
    line.pid = static_cast<int32_t>(*pid);
  } else if (word.key == "waits") {
    auto waits = parse_waits(word.value);
    if (!waits) return damaged("", word.value, " is not like running:3,lock:40.5");
    line.waits = *waits;
  } else if (word.key == "blocker") {
    auto blocker = parse_blocker(word.value);
    if (!blocker || line.blockers.size() == kMaxBlockers) return damaged("", word.value, " is not like lock:40:501");
    line.blockers.push_back(*std::move(blocker));
  } else {
    return std::nullopt;
  }
  return std::optional<DamagedLine>();
}

// Applies a word about events within the span; returns nullopt for other words.
std::optional<std::optional<DamagedLine>> apply_event(const Word& word, SpanLine& line) {
  constexpr std::string_view kOfEvent = "event.";
  if (word.key == "event") {
    line.events.emplace_back();
    line.events.back().name = word.value;
  } else if (word.key.starts_with(kOfEvent)) {
    if (line.events.empty()) return damaged("", word.key, " has no event= before it");
    line.events.back().attributes.push_back({word.key.substr(kOfEvent.size()), typed_value(word)});
  } else {
    return std::nullopt;
  }
  return std::optional<DamagedLine>();
}

// Applies one word after the range; returns its error.
std::optional<DamagedLine> apply(const Word& word, SpanLine& line) {
  if (word.unterminated) return DamagedLine{"a quote is not closed"};
  if (!word.has_value) {
    if (word.key == "error")
      line.status = SpanStatus::Error;
    else if (word.key == "lost")
      line.lost = true;
    else
      return damaged("", word.key, " is neither key=value nor error nor lost");
    return std::nullopt;
  }
  if (word.key.empty()) return DamagedLine{"a value has no key before its ="};
  if (word.key == "lost") return DamagedLine{"lost takes no value"};
  if (auto outcome = apply_threads(word, line)) return *std::move(outcome);
  if (auto outcome = apply_event(word, line)) return *std::move(outcome);
  std::string* label = word.key == "id"       ? &line.id
                       : word.key == "parent" ? &line.parent
                       : word.key == "trace"  ? &line.trace
                       : word.key == "host"   ? &line.host
                                              : nullptr;
  if (label) {
    if (word.value.empty()) return damaged("", word.key, " has no value");
    *label = word.value;
  } else if (word.key == "error") {
    line.status = SpanStatus::Error;
    line.error_text = word.value;
  } else if (word.key == "kind") {
    auto kind = parse_kind(word.value);
    if (!kind) return damaged("", word.value, " is not a kind: internal, server, client, producer, consumer");
    line.kind = *kind;
  } else if (word.key == "clock") {
    line.clock_ns = parse_duration(word.value);
    if (!line.clock_ns) return damaged("", word.value, " is not a duration like +200ms");
  } else if (word.key == "log") {
    line.logs.push_back(word.value);
  } else if (word.key == "peer") {
    line.attributes.push_back({"server.address", word.value});
  } else {
    line.attributes.push_back({word.key, typed_value(word)});
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  size_t unit_at = text.find_first_not_of("-0123456789.");
  if (unit_at == std::string_view::npos) return std::nullopt;
  std::string_view number = text.substr(0, unit_at), unit = text.substr(unit_at);
  struct Unit {
    std::string_view name;
    size_t decimals;  // decimal places to a nanosecond
    int64_t times, most;
  };
  static constexpr Unit kUnits[] = {{"ns", 0, 1, kMostSeconds * 1'000'000'000},
                                    {"us", 3, 1, kMostSeconds * 1'000'000},
                                    {"µs", 3, 1, kMostSeconds * 1'000'000},
                                    {"ms", 6, 1, kMostSeconds * 1'000},
                                    {"s", 9, 1, kMostSeconds},
                                    {"m", 9, 60, kMostSeconds / 60},
                                    {"h", 9, 3600, kMostSeconds / 3600}};
  for (const Unit& candidate : kUnits) {
    if (unit != candidate.name) continue;
    auto scaled = parse_decimal(number, candidate.decimals, candidate.most);
    if (scaled) return *scaled * candidate.times;
  }
  return std::nullopt;
}

Line parse_line(std::string_view text) {
  Line line;
  if (text.ends_with('\r')) text.remove_suffix(1);
  line.indent = std::min(text.find_first_not_of(" \t"), text.size());
  if (line.indent == text.size()) return line.content = EmptyLine(), line;
  if (text[line.indent] == '#') return line.content = CommentLine(), line;
  if (text.substr(0, line.indent).find('\t') != std::string_view::npos)
    return line.content = DamagedLine{"it is indented with a tab"}, line;

  Scanner scanner(text.substr(line.indent));
  std::string_view first = scanner.word();
  if (auto machine = parse_machine(first, scanner)) return line.content = *std::move(machine), line;
  size_t name_from = scanner.position(), name_to = name_from;
  std::optional<Range> range;
  for (std::string_view word = scanner.word(); !word.empty() && !range; word = range ? word : scanner.word()) {
    range = parse_range(word);
    if (!range) name_to = scanner.position();
  }
  if (is_repeat_word(first) && !range) {
    Scanner again(text.substr(line.indent));
    again.word();
    std::visit([&](auto&& repeat) { line.content = std::move(repeat); }, parse_repeat(first, again));
    return line;
  }
  if (!range) return line.content = DamagedLine{"it has no from..to in milliseconds"}, line;

  SpanLine span;
  span.service = first;
  span.name = trimmed(text.substr(line.indent).substr(name_from, name_to - name_from));
  span.from_ns = range->from_ns;
  span.to_ns = range->to_ns;
  if (span.name.empty()) return line.content = DamagedLine{"it has no name between service and from..to"}, line;
  while (auto word = scanner.key_value())
    if (auto wrong = apply(*word, span)) return line.content = std::move(*wrong), line;
  line.content = std::move(span);
  return line;
}

bool is_notation(std::string_view text) {
  Line line = parse_line(text);
  return std::holds_alternative<RepeatLine>(line.content) || std::holds_alternative<SpanLine>(line.content);
}

}  // namespace culprit::notation
