#include "statement/trace_context.h"

#include <algorithm>
#include <string>

namespace culprit {

namespace {

bool lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

// Returns the encoded value of key='…' in a comment; empty: the key is absent.
std::string_view comment_value(std::string_view comment, std::string_view key) {
  size_t at = comment.find(key);
  if (at == std::string_view::npos) return {};
  comment.remove_prefix(at + key.size());
  if (comment.substr(0, 2) != "='") return {};
  comment.remove_prefix(2);
  size_t end = comment.find('\'');
  return end == std::string_view::npos ? std::string_view() : comment.substr(0, end);
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  constexpr size_t kLength = 55;  // 2 + 1 + 32 + 1 + 16 + 1 + 2
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::string_view version = text.substr(0, 2);
  if (!lower_hex(version) || version == "ff") return std::nullopt;
  if (text.size() > kLength && (version == "00" || text[kLength] != '-')) return std::nullopt;
  std::string_view trace = text.substr(3, 32), parent = text.substr(36, 16);
  if (!lower_hex(trace) || !lower_hex(parent) || !lower_hex(text.substr(53, 2))) return std::nullopt;
  std::optional<TraceId> trace_id = parse_trace_id(trace);
  std::optional<uint64_t> span_id = parse_span_id(parent);
  if (!trace_id || !span_id || trace_id->zero() || *span_id == 0) return std::nullopt;
  return TraceContext{*trace_id, *span_id, {}};
}

bool acceptable_trace_state(std::string_view text) {
  return text.size() <= kMaxTraceState &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::optional<TraceContext> trace_context_of_comment(std::string_view comment) {
  std::string_view parent = comment_value(comment, "traceparent");
  if (parent.empty()) return std::nullopt;
  std::optional<TraceContext> context = parse_traceparent(percent_decoded(parent));
  if (!context) return std::nullopt;
  std::string state = percent_decoded(comment_value(comment, "tracestate").substr(0, 3 * kMaxTraceState));
  if (acceptable_trace_state(state)) context->trace_state = std::move(state);
  return context;
}

}  // namespace culprit
