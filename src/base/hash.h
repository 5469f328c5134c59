// A 64-bit hash: FNV-1a with a final mix. Its values are part of our formats (finding ids, statement ids) and must not
// change.
#pragma once

#include <cstdint>
#include <string_view>

namespace culprit {

constexpr uint64_t hash64(std::string_view bytes, uint64_t seed = 0xcbf29ce484222325ull) {
  uint64_t hash = seed;
  for (char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3ull;
  hash ^= hash >> 32;  // FNV mixes the high bits too little, and ids use the high bits
  hash *= 0xd6e8feb86659fd93ull;
  return hash ^ hash >> 32;
}

constexpr uint64_t hash64(uint64_t number, uint64_t seed = 0xcbf29ce484222325ull) {
  uint64_t hash = seed ^ number;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93ull;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93ull;
  return hash ^ hash >> 32;
}

}  // namespace culprit
