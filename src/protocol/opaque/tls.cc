#include "protocol/opaque/tls.h"

#include <cstdint>

namespace culprit {

std::optional<From> recognise_tls(std::string_view bytes) {
  // RFC 8446 §5.1: content type, version 3.x, length ≤ 2^14 + 256. The record is the first one of a handshake, or
  // application data if the recording began in the middle of the connection.
  if (bytes.size() < 5) return std::nullopt;
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  bool record = byte(0) >= 0x14 && byte(0) <= 0x17 && byte(1) == 3 && byte(2) <= 4;
  size_t length = size_t{byte(3)} << 8 | byte(4);
  if (!record || length == 0 || length > (1u << 14) + 256) return std::nullopt;
  // Only ClientHello and ServerHello show their sender. For other records the client is assumed.
  return byte(0) == 0x16 && bytes.size() > 5 && byte(5) == 2 ? From::Server : From::Client;
}

}  // namespace culprit
