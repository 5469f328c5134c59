// ToldSockets: the sockets that an EVENT_SOCKET told of and no EVENT_SOCKET_END yet, and which of them have gone unsaid.
//
// Its size is that of the sockets that live, and of those that ended since the last look. Owned by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "capture/wire/state.h"

namespace culprit::capture {

// A look at the kernel's sockets: see struct live_sockets.
class LiveSockets {
 public:
  LiveSockets(const live_sockets& bits, uint64_t multiplier) : bits_(&bits), multiplier_(multiplier) {}
  // False for sure; true for all that live, and for one in 2^21 / n of the others.
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
    uint64_t time_ns = 0;  // it had gone by then
  };

  // False where there are too many to remember: of this socket only the kernel's own word tells the end.
  bool add(uint64_t socket, uint32_t pid);
  void remove(uint64_t socket) { sockets_.erase(socket); }
  size_t size() const { return sockets_.size(); }

  // Whether it is time to look again: after a second, and after so long that looking takes a thousandth of a CPU.
  bool due(uint64_t now_ns) const { return !sockets_.empty() && ended_.empty() && now_ns >= next_look_ns_; }
  // Differs from look to look, so that sockets that share a bit do so once.
  uint64_t next_multiplier();
  // What a look found that began and was done at these times; nothing: it could not be made.
  void compare(const std::optional<LiveSockets>& live, uint64_t begin_ns, uint64_t done_ns);
  // Those that were gone by `horizon_ns`: everything that they did has been handed out.
  std::vector<Ended> take_ended(uint64_t horizon_ns);

 private:
  std::unordered_map<uint64_t, uint32_t> sockets_;  // the process that it was first told of
  std::vector<Ended> ended_;
  uint64_t next_look_ns_ = 0;
  uint64_t multiplier_ = 0x9e3779b97f4a7c15ull;  // Knuth's: odd, its bits well mixed
};

}  // namespace culprit::capture
