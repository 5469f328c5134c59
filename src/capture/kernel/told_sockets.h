// ToldSockets: the sockets with an EVENT_SOCKET and no EVENT_SOCKET_END yet, and those among them that ended without an
// event.
//
// Its size is the number of existing sockets plus those that ended since the last look. Owned by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "capture/wire/state.h"

namespace culprit::capture {

// The result of a look at the kernel's sockets: see struct live_sockets.
class LiveSockets {
 public:
  LiveSockets(const live_sockets& bits, uint64_t multiplier) : bits_(&bits), multiplier_(multiplier) {}
  // Returns false only if the socket is gone. Returns true for all existing sockets, and for one in 2^21 / n of the
  // others, where n sockets exist.
  bool may_live(uint64_t socket) const {
    const uint64_t bit = socket * multiplier_ >> (64 - LIVE_BITS_LOG);
    return bits_->words[bit / 64] >> bit % 64 & 1;
  }

 private:
  const live_sockets* bits_;
  uint64_t multiplier_;
};

class ToldSockets {
 public:
  struct Ended {
    uint64_t socket = 0;
    uint32_t pid = 0;
    uint64_t time_ns = 0;  // the socket was gone at this time
  };

  // Returns false if too many sockets are remembered already: the end of this one is known only from the kernel's
  // events.
  bool add(uint64_t socket, uint32_t pid);
  void remove(uint64_t socket) { sockets_.erase(socket); }
  size_t size() const { return sockets_.size(); }
  // The most sockets remembered (48 bytes each). If more are in use, the end of the others is known only from TCP's
  // events.
  static constexpr size_t kMost = 1u << 20;

  // Returns whether the next look is due: after a second, or later, so that looking takes at most a thousandth of a
  // CPU.
  bool due(uint64_t now_ns) const { return !sockets_.empty() && ended_.empty() && now_ns >= next_look_ns_; }
  // Returns a new multiplier for each look, so that two sockets that share a bit do so only in one look.
  uint64_t next_multiplier();
  // Compares with the result of a look that ended at `done_ns` and took `cost_ns` of CPU; nothing: the look failed.
  void compare(const std::optional<LiveSockets>& live, uint64_t done_ns, uint64_t cost_ns);
  // Returns the sockets that were gone at `horizon_ns`: all their events have been passed on.
  std::vector<Ended> take_ended(uint64_t horizon_ns);

 private:
  std::unordered_map<uint64_t, uint32_t> sockets_;  // by socket: the process of its first EVENT_SOCKET
  std::vector<Ended> ended_;
  uint64_t next_look_ns_ = 0;
  uint64_t multiplier_ = 0x9e3779b97f4a7c15ull;  // Knuth's multiplier: odd, with well mixed bits
};

}  // namespace culprit::capture
