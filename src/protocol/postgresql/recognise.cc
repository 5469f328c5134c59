#include "protocol/postgresql/recognise.h"

#include <algorithm>

#include "protocol/postgresql/frame.h"

namespace culprit::postgresql {

namespace {

// Returns true if the text may be a query or a command tag. PostgreSQL's strings end in NUL and hold no control
// characters except white space.
bool plausible_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\v';
  });
}

// Checks the available bytes of the first message's body. Only quick and certain checks are made.
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

// Returns true if the bytes are messages of this sender. Most tags belong to one direction only: ParameterStatus to the
// server, Sync to the client.
bool speaks(std::string_view bytes, From from) {
  auto read = read_head(from, bytes);
  const Head* head = std::get_if<Head>(&read);
  if (head == nullptr) return false;
  if (head->tag == kStartup) return true;
  if (!plausible_body(from, head->tag, bytes.substr(head->size), head->body_size)) return false;
  Chain chain = follow(from, bytes, 8);
  if (chain.broken) return false;
  // A single message whose end is the end of the bytes is weak evidence if its tag has no body. Two messages in a row
  // are enough.
  bool exact = chain.size_bytes == bytes.size();
  bool telling = head->tag == 'Q' || head->tag == 'P' || head->tag == 'B' || head->tag == 'Z' || head->tag == 'T';
  if (chain.messages >= 2 || (exact && telling)) return true;
  // A long query or a long value that continues after the captured bytes.
  bool begun = chain.size_bytes > bytes.size() && (head->tag == 'Q' || head->tag == 'P' || head->tag == 'B') &&
               head->body_size < (1u << 20);
  return begun && bytes.size() >= 16;
}

}  // namespace

std::optional<From> recognise(std::string_view bytes) {
  for (From from : {From::Client, From::Server})
    if (speaks(bytes, from)) return from;
  return std::nullopt;
}

}  // namespace culprit::postgresql
