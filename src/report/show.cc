#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "report/json_parts.h"
#include "report/paragraph.h"
#include "report/render.h"
#include "report/words.h"

namespace culprit::report {

namespace {

constexpr int kTrackColumns = 24;  // width of the drawn timeline

// The part of the critical path in each span, by kind.
using PathShares = std::map<SpanIndex, std::map<SectionKind, int64_t>>;

PathShares shares_of(const std::vector<Section>& sections) {
  PathShares shares;
  for (const Section& section : sections) shares[section.span][section.kind] += section.end_ns - section.start_ns;
  return shares;
}

struct Row {
  SpanIndex span;
  std::string lead;  // the tree's lines before the name
};

// Depth first, children in order of start. Without recursion, as the tree's depth depends on the data.
std::vector<Row> rows_of(const Trace& trace) {
  struct Pending {
    SpanIndex span;
    std::string before;  // lines before the parent's children
    enum class Place { Root, Middle, Last } place;
  };
  constexpr size_t kMaxLead = 40;  // bytes of indentation; deeper spans are not indented further
  std::vector<Row> rows;
  std::vector<Pending> stack;
  for (auto root = trace.roots.rbegin(); root != trace.roots.rend(); ++root)
    stack.push_back({*root, "", Pending::Place::Root});
  while (!stack.empty()) {
    Pending next = std::move(stack.back());
    stack.pop_back();
    bool deep = next.before.size() > kMaxLead;
    std::string branch = next.place == Pending::Place::Root ? "" : next.place == Pending::Place::Last ? "└ " : "├ ";
    rows.push_back({next.span, next.before + branch});
    std::string below = deep || next.place == Pending::Place::Root
                            ? next.before
                            : next.before + (next.place == Pending::Place::Last ? "  " : "│ ");
    const auto& children = trace.children[next.span];
    for (size_t i = children.size(); i-- > 0;)
      stack.push_back({children[i], below, i + 1 == children.size() ? Pending::Place::Last : Pending::Place::Middle});
  }
  return rows;
}

// Draws the span's position between the trace's start and end; periods in which it is on the critical path are solid.
std::string track(const Span& span, const std::vector<std::pair<int64_t, int64_t>>& on_path, int64_t from_ns,
                  int64_t to_ns) {
  int64_t width = std::max<int64_t>(1, to_ns - from_ns);
  auto column = [&](int64_t time_ns) {
    double place = static_cast<double>(time_ns - from_ns) / static_cast<double>(width) * kTrackColumns;
    return std::clamp(static_cast<int>(place), 0, kTrackColumns - 1);
  };
  std::vector<const char*> cells(kTrackColumns, " ");
  for (int i = column(span.start_ns); i <= column(std::max(span.start_ns, span.end_ns() - 1)); ++i)
    cells[static_cast<size_t>(i)] = "─";
  for (auto& [start, end] : on_path)
    for (int i = column(start); i <= column(std::max(start, end - 1)); ++i) cells[static_cast<size_t>(i)] = "█";
  std::string text;
  for (const char* cell : cells) text += cell;
  return text;
}

std::string flags_text(const Span& span) {
  static constexpr std::pair<uint32_t, const char*> kNames[] = {{kOrphan, "parent never arrived"},
                                                                {kNegativeDuration, "ends before it begins"},
                                                                {kUnfinished, "had not ended"},
                                                                {kBegunBefore, "begun before"},
                                                                {kTextUnknown, "text unknown"},
                                                                {kTextCut, "text cut"},
                                                                {kHole, "bytes missing"},
                                                                {kLossOverlap, "events lost meanwhile"},
                                                                {kBatch, "batch"},
                                                                {kOpaque, "opaque"},
                                                                {kOtherObserver, "same call, other observer"},
                                                                {kUnanswered, "never answered"},
                                                                {kSharedId, "shares its caller's span id"}};
  std::string text;
  for (auto& [flag, name] : kNames)
    if (span.flags & flag) text += std::string(text.empty() ? "" : ", ") + name;
  return text;
}

std::string waits_text(const Span& span) {
  if (!span.waits.known || span.duration_ns <= 0) return {};
  std::string text;
  for (int i = 0; i < kWaits; ++i) {
    double share = static_cast<double>(span.waits.ns[i]) / static_cast<double>(span.duration_ns);
    if (share >= 0.01)
      text += std::string(text.empty() ? "" : ", ") + std::string(to_string(static_cast<Wait>(i))) + " " +
              format_share(share);
  }
  return text;
}

std::string blockers_text(const Span& span) {
  std::string text;
  for (const Blocker& blocker : span.blockers) {
    if (!text.empty()) text += "; ";
    text += std::string(to_string(blocker.wait)) + " " + format_duration(blocker.duration_ns);
    text += blocker.pid == 0 ? ": holder unknown" : ": pid " + std::to_string(blocker.pid);
    if (!blocker.statement.empty()) text += " (" + printable(blocker.statement) + ")";
  }
  return text;
}

void put_details(Paragraph& out, const Span& span) {
  auto detail = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) out.labelled(6, label, 9, text, Style::Dim);
  };
  detail("text", printable(find_text(span.attributes, "db.query.text")));
  detail("inside", waits_text(span));
  detail("waits for", blockers_text(span));
  if (span.status == SpanStatus::Error)
    detail("error", span.status_message.empty() ? "yes" : printable(span.status_message));
  detail("note", flags_text(span));
  if (span.link_confidence < 0.995f && span.parent_span_id != 0)
    detail("parent", std::string(to_string(span.link)) + ", " + format_share(span.link_confidence) + " sure");
}

// Prints the spans on the critical path, the longest part first.
void put_parts(Paragraph& out, const ShownTrace& shown, int64_t root_ns) {
  struct Part {
    int64_t ns;
    SpanIndex span;
    SectionKind kind;
  };
  std::vector<Part> parts;
  for (auto& [span, kinds] : shares_of(shown.sections))
    for (auto& [kind, ns] : kinds) parts.push_back({ns, span, kind});
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.ns > b.ns; });
  constexpr size_t kMaxParts = 12;
  int64_t rest = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i >= kMaxParts) {
      rest += parts[i].ns;
      continue;
    }
    const Span& span = shown.trace.spans[parts[i].span];
    double share = root_ns > 0 ? static_cast<double>(parts[i].ns) / static_cast<double>(root_ns) : 0;
    std::string head = format_duration(parts[i].ns) + "  " + format_share(share);
    out.labelled(2, head, 18,
                 std::string(to_string(parts[i].kind)) + "  " + printable(span.service) + " " + printable(span.name));
  }
  if (rest > 0)
    out.labelled(2, format_duration(rest), 18,
                 format_count(static_cast<int64_t>(parts.size() - kMaxParts)) + " smaller parts");
}

}  // namespace

std::string show_text(const ShownTrace& shown, const Look& look) {
  const Trace& trace = shown.trace;
  Paragraph out(look.width, look.color);
  if (trace.spans.empty()) return "no spans\n";
  const Span& root = trace.spans[trace.root()];
  out.both_ends(0, "trace " + to_hex(trace.id), plural(static_cast<int64_t>(trace.spans.size()), "span"), Style::Bold);
  out.line(0, printable(root.service) + " " + printable(root.name) + "   " + format_duration(root.duration_ns) +
                  "   at " + format_time(root.start_ns, look.zone));
  out.blank();

  int64_t from_ns = root.start_ns, to_ns = root.end_ns();
  for (const Span& span : trace.spans)
    from_ns = std::min(from_ns, span.start_ns), to_ns = std::max(to_ns, span.end_ns());
  std::map<SpanIndex, std::vector<std::pair<int64_t, int64_t>>> on_path;
  for (const Section& section : shown.sections) on_path[section.span].push_back({section.start_ns, section.end_ns});
  int name_columns = look.width - kTrackColumns - 14;
  for (const Row& row : rows_of(trace)) {
    const Span& span = trace.spans[row.span];
    std::string name = row.lead + printable(span.service) + " " + printable(span.name);
    std::string left = fitted(name, static_cast<size_t>(std::max(10, name_columns)));
    std::string duration = format_duration(span.duration_ns);
    std::string line =
        left + std::string(static_cast<size_t>(std::max(10, name_columns)) - display_width(left), ' ') + " ";
    line += std::string(display_width(duration) < 9 ? 9 - display_width(duration) : 0, ' ') + duration + "  ";
    out.line(0, line + track(span, on_path[row.span], from_ns, to_ns),
             span.status == SpanStatus::Error ? Style::Red : Style::Plain);
    put_details(out, span);
  }

  out.blank();
  out.line(0, "critical path (█ above): where the " + format_duration(root.duration_ns) + " went", Style::Bold);
  put_parts(out, shown, root.duration_ns);
  for (const LogRecord& log : shown.logs)
    out.labelled(
        0, "log", 12,
        "+" + format_duration(log.time_ns - root.start_ns) + " " + printable(log.service) + ": " + printable(log.body));
  out.blank();
  out.labelled(0, "trust", 12, account_text(shown.account, shown.ledger));
  for (size_t i = 0; i < shown.ledger.size() && i < 5; ++i)
    out.labelled(0, "", 12, ledger_text(shown.ledger[i]), Style::Dim);
  return out.take();
}

namespace {

void write_value(JsonWriter& json, const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value))
    json.value(*truth);
  else if (const auto* integer = std::get_if<int64_t>(&value))
    json.value(*integer);
  else if (const auto* number = std::get_if<double>(&value))
    json.value(*number);
  else if (const auto* nested = std::get_if<Nested>(&value))
    json.raw(nested->json);
  else if (std::holds_alternative<std::monostate>(value))
    json.null();
  else
    json.value(to_text(value));
}

void write_span(JsonWriter& json, const Span& span) {
  static constexpr const char* kKinds[] = {"unspecified", "internal", "server", "client", "producer", "consumer"};
  static constexpr const char* kStatus[] = {"unset", "ok", "error"};
  json.begin_object().member("span_id", span_id_hex(span.span_id));
  json.key("parent_span_id");
  if (span.parent_span_id == 0)
    json.null();
  else
    json.value(span_id_hex(span.parent_span_id));
  json.member("name", span.name).member("service", span.service).member("kind", kKinds[static_cast<int>(span.kind)]);
  json.member("start_ns", span.start_ns).member("duration_ns", span.duration_ns);
  json.member("status", kStatus[static_cast<int>(span.status)]).member("link", to_string(span.link));
  json.member("link_confidence", static_cast<double>(span.link_confidence)).member("source", span.source);
  if (span.pid != 0) json.member("pid", span.pid).member("tid", span.tid);
  if (span.flags != 0) json.member("flags", span.flags);
  if (span.waits.known) {
    json.key("waits").begin_object();
    for (int i = 0; i < kWaits; ++i)
      json.member(std::string(to_string(static_cast<Wait>(i))) + "_ns", span.waits.ns[i]);
    json.end_object();
  }
  json.key("attributes").begin_object();
  for (const Attribute& attribute : span.attributes) {
    json.key(attribute.key);
    write_value(json, attribute.value);
  }
  json.end_object().end_object();
}

}  // namespace

std::string show_json(const ShownTrace& shown) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.show/1").member("trace_id", to_hex(shown.trace.id));
  json.key("spans").begin_array();
  for (const Span& span : shown.trace.spans) write_span(json, span);
  json.end_array().key("critical_path").begin_array();
  for (const Section& section : shown.sections) {
    json.begin_object().member("span_id", span_id_hex(shown.trace.spans[section.span].span_id));
    json.member("start_ns", section.start_ns)
        .member("end_ns", section.end_ns)
        .member("section", to_string(section.kind))
        .end_object();
  }
  json.end_array().key("quality").begin_object();
  write_account(json, shown.account);
  write_rows(json, "rows", shown.ledger);
  json.end_object().end_object();
  return json.take() + "\n";
}

}  // namespace culprit::report
