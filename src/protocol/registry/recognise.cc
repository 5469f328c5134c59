// Which protocol a direction's first bytes look like.
#include <algorithm>
#include <array>

#include "protocol/http/head.h"
#include "protocol/postgresql/frame.h"
#include "protocol/registry/registry.h"

namespace culprit {

namespace {

// Past these nothing more is learnt from waiting.
constexpr size_t kEnough = 64;

std::optional<Recognised> as_tls(std::string_view bytes) {
  // RFC 8446 §5.1: content type, version 3.x, length ≤ 2^14 + 256. A handshake's first record, or application data when
  // the connection is joined in the middle.
  if (bytes.size() < 5) return std::nullopt;
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  bool record = byte(0) >= 0x14 && byte(0) <= 0x17 && byte(1) == 3 && byte(2) <= 4;
  size_t length = size_t{byte(3)} << 8 | byte(4);
  if (!record || length == 0 || length > (1u << 14) + 256) return std::nullopt;
  // A ClientHello names its sender, and so does a ServerHello; of anything else nobody can tell.
  From from = byte(0) == 0x16 && bytes.size() > 5 && byte(5) == 2 ? From::Server : From::Client;
  return Recognised{"tls", from, true};
}

// Text that a query or command tag may be: PostgreSQL's strings end in NUL and hold no control characters but white space.
bool plausible_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\v';
  });
}

// What the first message's body must look like, as far as it is there. Only what is cheap and sure.
bool plausible_body(From from, char tag, std::string_view body, uint32_t body_size) {
  bool whole = body.size() >= body_size;
  std::string_view seen = body.substr(0, body_size);
  if (from == From::Client) {
    if (tag == 'Q') {
      std::string_view text = whole ? seen.substr(0, seen.size() - 1) : seen;
      return plausible_text(text) && (!whole || seen.back() == '\0');
    }
    if (tag == 'P' || tag == 'B') {
      size_t nul = seen.find('\0');
      return nul != std::string_view::npos && nul < 64 && plausible_text(seen.substr(0, nul));
    }
    if (tag == 'E')
      return whole && seen.size() >= 5 && seen[seen.size() - 5] == '\0' &&
             plausible_text(seen.substr(0, seen.size() - 5));
    if (tag == 'D' || tag == 'C')
      return !seen.empty() && (seen[0] == 'S' || seen[0] == 'P') && (!whole || seen.back() == '\0');
    return true;
  }
  if (tag == 'Z') return !seen.empty() && (seen[0] == 'I' || seen[0] == 'T' || seen[0] == 'E');
  if (tag == 'C') return plausible_text(seen.substr(0, seen.find('\0'))) && (!whole || seen.back() == '\0');
  if (tag == 'E' || tag == 'N') return !seen.empty() && seen[0] == 'S';
  return true;
}

// A server's parameter status, a client's sync: which of both a chain of messages can be is decided by who can send it.
std::optional<Recognised> as_postgresql(std::string_view bytes, From from) {
  using postgresql::Head;
  auto read = postgresql::read_head(from, bytes);
  const Head* head = std::get_if<Head>(&read);
  if (head == nullptr) return std::nullopt;
  if (head->tag == postgresql::kStartup) return Recognised{"postgresql", From::Client, true};
  if (!plausible_body(from, head->tag, bytes.substr(head->size), head->body_size)) return std::nullopt;
  postgresql::Chain chain = postgresql::follow(from, bytes, 8);
  if (chain.broken) return std::nullopt;
  // One message that begins and ends with the bytes is not much for a tag with no body; two in a row are.
  bool exact = chain.size_bytes == bytes.size();
  bool telling = head->tag == 'Q' || head->tag == 'P' || head->tag == 'B' || head->tag == 'Z' || head->tag == 'T';
  if (chain.messages >= 2 || (exact && telling)) return Recognised{"postgresql", from, true};
  // A long query or a wide row that goes on beyond what was captured.
  bool begun =
      chain.size_bytes > bytes.size() && (head->tag == 'Q' || head->tag == 'P') && head->body_size < (1u << 20);
  if (begun && bytes.size() >= 16) return Recognised{"postgresql", from, true};
  return std::nullopt;
}

}  // namespace

Recognised recognise(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (auto tls = as_tls(bytes)) return *tls;
  if (http::begins_request(bytes)) return {"http", From::Client, true};
  if (http::begins_response(bytes)) return {"http", From::Server, true};
  for (From from : {From::Client, From::Server})
    if (auto found = as_postgresql(bytes, from)) return *found;
  return {{}, From::Client, bytes.size() >= kEnough};
}

}  // namespace culprit
