#include "protocol/postgresql/frame.h"

#include "base/cursor.h"

namespace culprit::postgresql {

namespace {

// PostgreSQL refuses messages of 1 GiB or more (PQ_LARGE_MESSAGE_LIMIT), so a larger number is not a length.
constexpr uint32_t kMaxLength = 1u << 30;
constexpr uint32_t kMaxStartup = 10000;  // MAX_STARTUP_PACKET_LENGTH, pqcomm.h

struct Range {
  uint32_t low = 0, high = 0;  // range of the length field; 0, 0: the tag does not exist
};

// Returns the possible lengths of a tag in one direction. The length makes the recognition of a head reliable. Bounds
// that the documentation does not give are generous.
Range lengths_from_client(char tag) {
  switch (tag) {
    case 'S':
    case 'H':
    case 'X':
    case 'c': return {4, 4};            // Sync, Flush, Terminate, CopyDone
    case 'Q': return {5, kMaxLength};   // Query
    case 'P': return {8, kMaxLength};   // Parse
    case 'B': return {12, kMaxLength};  // Bind
    case 'E': return {9, 1024};         // Execute: a portal name and a row count
    case 'D':
    case 'C': return {6, 1024};         // Describe, Close: kind and name
    case 'F': return {14, kMaxLength};  // FunctionCall
    case 'p': return {5, 1u << 17};     // password, SASL, GSS
    case 'd': return {4, kMaxLength};   // CopyData
    case 'f': return {5, 1u << 16};     // CopyFail
    default: return {};
  }
}
Range lengths_from_server(char tag) {
  switch (tag) {
    case '1':
    case '2':
    case '3':
    case 'n':
    case 's':
    case 'I':
    case 'c': return {4, 4};         // …Complete, NoData, …
    case 'Z': return {5, 5};         // ReadyForQuery
    case 'K': return {12, 268};      // BackendKeyData: 4 B key, up to 256 in 3.2
    case 'R': return {8, 1u << 16};  // Authentication
    case 'S': return {6, 1u << 16};  // ParameterStatus
    case 'C': return {6, 256};       // CommandComplete
    case 'E':
    case 'N': return {6, 1u << 24};       // ErrorResponse, NoticeResponse
    case 'A': return {10, 1u << 14};      // NotificationResponse: payload < 8000
    case 'T': return {6, 1u << 21};       // RowDescription: 1664 columns
    case 't': return {6, 6 + 4 * 65535};  // ParameterDescription
    case 'D': return {6, kMaxLength};     // DataRow
    case 'd': return {4, kMaxLength};     // CopyData
    case 'G':
    case 'H':
    case 'W': return {7, 7 + 2 * 1664};  // CopyIn, CopyOut, CopyBoth
    case 'V': return {8, kMaxLength};    // FunctionCallResponse
    case 'v': return {12, 1024};         // NegotiateProtocolVersion
    default: return {};
  }
}

std::variant<Head, NeedMore, OutOfStep> read_startup(std::string_view bytes) {
  if (bytes.size() >= 2 && bytes[1] != 0) return OutOfStep{};
  Cursor cursor(bytes);
  uint32_t length = cursor.u32_be(), code = cursor.u32_be();
  if (cursor.failed()) return NeedMore{};
  bool encryption = code == kSslRequest || code == kGssRequest;
  bool valid = (code >> 16 == 3 && length >= 9 && length <= kMaxStartup) || (encryption && length == 8) ||
               (code == kCancelRequest && length >= 16 && length <= 268);
  if (!valid) return OutOfStep{};
  return Head{kStartup, 4, length - 4};
}

}  // namespace

std::variant<Head, NeedMore, OutOfStep> read_head(From from, std::string_view bytes) {
  if (bytes.empty()) return NeedMore{};
  if (from == From::Client && bytes[0] == kStartup) return read_startup(bytes);
  Range range = from == From::Client ? lengths_from_client(bytes[0]) : lengths_from_server(bytes[0]);
  if (range.high == 0) return OutOfStep{};
  Cursor cursor(bytes.substr(1));
  uint32_t length = cursor.u32_be();
  if (cursor.failed()) return NeedMore{};
  if (length < range.low || length > range.high) return OutOfStep{};
  return Head{bytes[0], kHeadSize, length - 4};
}

bool ends_ready(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.size() < 6) return false;
  std::string_view last = bytes.substr(bytes.size() - 6);
  return last.substr(0, 5) == "Z\0\0\0\5"sv && (last[5] == 'I' || last[5] == 'T' || last[5] == 'E');
}

Chain follow(From from, std::string_view bytes, size_t most) {
  Chain chain;
  while (chain.messages < most && chain.size_bytes < bytes.size()) {
    auto head = read_head(from, bytes.substr(chain.size_bytes));
    if (std::holds_alternative<NeedMore>(head)) return chain;
    const Head* valid = std::get_if<Head>(&head);
    if (valid == nullptr) {
      chain.broken = true;
      return chain;
    }
    ++chain.messages;
    chain.size_bytes += valid->size + valid->body_size;
    chain.last = valid->tag;
  }
  return chain;
}

}  // namespace culprit::postgresql
