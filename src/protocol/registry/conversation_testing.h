// Feeds a conversation from a fuzzer's bytes: any segmentation, both directions, heads and tails with holes, texts told.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "protocol/registry/registry.h"

namespace culprit {

inline void check_exchange(const Exchange& exchange) {
  CHECK(valid_utf8(exchange.name) && !exchange.name.empty(), "an exchange has a name, in UTF-8");
  CHECK(exchange.end_ns == 0 || exchange.end_ns >= exchange.begin_ns, "ends after it begins");
  CHECK(exchange.begin_ns > 0, "begins at some time");
  for (const Attribute& attribute : exchange.attributes)
    CHECK(valid_utf8(to_text(attribute.value)), "attributes are UTF-8");
}

inline void fuzz_conversation(std::string_view protocol, const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  auto conversation = make_conversation(protocol);
  int64_t now = 0;
  while (rest.size() >= 2) {
    uint8_t control = static_cast<uint8_t>(rest[0]), length = static_cast<uint8_t>(rest[1]);
    rest.remove_prefix(2);
    std::string_view piece = rest.substr(0, control & 0x40 ? size_t{length} * 8 : length);
    rest.remove_prefix(piece.size());
    From from = control & 1 ? From::Server : From::Client;
    size_t tail = control & 2 ? std::min<size_t>(piece.size(), 64) : 0;
    uint64_t missing = control & 4 ? uint64_t{length} << (control >> 4) : 0;
    ++now;
    if (control & 8) {
      control & 16 ? conversation->told_text(now, piece, control & 32) : conversation->hole(from, now, missing);
    } else {
      std::string_view head = piece.substr(0, piece.size() - tail);
      conversation->feed(from, now, head, piece.substr(head.size()), piece.size() + missing);
    }
    for (const Exchange& exchange : conversation->take_finished()) check_exchange(exchange);
  }
  for (const Exchange& exchange : conversation->open()) check_exchange(exchange);
  conversation->take_counts();
}

}  // namespace culprit
