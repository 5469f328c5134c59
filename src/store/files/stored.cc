#include "store/files/stored.h"

#include "base/hash.h"
#include "model/batch_codec.h"

namespace culprit {

uint64_t resource_id(const Resource& resource) {
  Batch alone;
  alone.resources.push_back(resource);
  auto bytes = encode_batch(alone);
  if (!bytes.has_value()) return 1;  // larger than the limit of a frame, so it did not come from a frame
  uint64_t id = hash64(bytes.value());
  return id == 0 ? 1 : id;
}

}  // namespace culprit
