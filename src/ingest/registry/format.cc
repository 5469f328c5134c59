#include "ingest/registry/format.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/text.h"
#include "ingest/notation/line.h"
#include "ingest/shared/framing.h"

namespace culprit {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
// A file whose first lines are damaged is still what the next ones say.
constexpr int kLinesLookedAt = 20;

std::string_view without_blank_front(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// {resource_x: field 1, length-delimited}, which holds {resource = 1 | scope_x = 2 | schema_url = 3}, all length-delimited.
bool looks_like_protobuf(std::string_view front) {
  if (front.size() < 3 || front[0] != '\x0a') return false;
  size_t i = 1;
  while (i < front.size() && i < 6 && front[i] & '\x80') ++i;  // the length: a varint
  if (i + 1 >= front.size()) return false;
  char inner = front[i + 1];
  return inner == '\x0a' || inner == '\x12' || inner == '\x1a' || front[i] == '\0';
}

bool looks_like_messages(std::string_view front) {
  using namespace std::string_view_literals;
  Cursor cursor(front);
  uint32_t length = cursor.u32_be();
  std::string_view message = cursor.rest();
  // The first byte of a length is 0 up to 16 MiB and at most 4 at our limit: no text begins so.
  if (cursor.failed() || length > (64u << 20) || message.empty()) return false;
  return looks_like_protobuf(message) || message.starts_with("\x28\xb5\x2f\xfd"sv) || message.front() == '{' ||
         length == 0;
}

// One object a line, or objects that span lines? In the first case damage ends at its newline, so it is preferred: where
// the first line is a whole object (or does not end here), and where the second one begins another object at its very
// start, as no printer does inside an object.
Format json_form(std::string_view front) {
  if (front.front() == '[') return Format::Json;
  size_t newline = front.find('\n');
  if (newline == std::string_view::npos) return Format::JsonLines;
  bool whole = JsonEnd().find(front.substr(0, newline)) != std::string_view::npos;
  bool another = newline + 1 < front.size() && front[newline + 1] == '{';
  return whole || another ? Format::JsonLines : Format::Json;
}

}  // namespace

bool looks_like_jaeger(std::string_view front) {
  size_t otlp = front.find("\"resource"), jaeger = std::min(front.find("\"traceID\""), front.find("\"data\""));
  return jaeger < otlp;
}

Format format_of(std::string_view front) {
  if (looks_like_messages(front)) return Format::Messages;
  if (looks_like_protobuf(front)) return Format::Protobuf;
  std::string_view text = without_blank_front(front);
  if (text.empty()) return Format::Empty;
  if (text.front() == '{' || text.front() == '[') return json_form(text);
  if (text.find('\0') != std::string_view::npos) return Format::Unknown;
  int looked_at = 0;
  for (std::string_view line : split(text, '\n')) {
    if (++looked_at > kLinesLookedAt) break;
    if (trimmed(line).starts_with("{\"resource")) return Format::JsonLines;
    if (notation::is_notation(line)) return Format::Notation;
  }
  return Format::Unknown;
}

}  // namespace culprit
