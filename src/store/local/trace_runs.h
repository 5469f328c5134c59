// TraceRuns: orders the spans of one import by trace. A small import needs no file.
//
// The first full buffer of spans determines the trace ids that separate the partitions. Each full buffer writes one
// run, a frame, into every partition for which it has spans. A trace is in one partition, so partitions are read,
// deduplicated and ordered one at a time. Runs are kept in memory up to a limit, then in one file without a name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/span.h"
#include "store/files/file.h"
#include "store/interface/open.h"

namespace culprit {

struct RunSpan {
  Span span;
  uint64_t resource_id = 0;
};

class TraceRuns {
 public:
  // `directory`: where the file is made; empty: in memory.
  TraceRuns(std::string directory, const PrivateStoreOptions& options)
      : directory_(std::move(directory)), options_(options) {}

  Result<void> add(Span span, uint64_t resource_id);
  // Ends the input: no add() may follow.
  Result<void> finish();

  uint64_t size() const { return added_; }
  // Visits the spans of every trace, including copies, in order of trace id and then of arrival. Stops when `visit`
  // returns false.
  Result<void> for_each_trace(const std::function<Result<bool>(std::vector<RunSpan>)>& visit);
  Result<std::vector<RunSpan>> trace(TraceId id);

 private:
  struct Run {
    uint64_t offset, length;
    uint32_t spans;
  };
  struct Partition {
    TraceId first;  // the partition contains the ids from this one up to the next partition's
    uint64_t spans = 0;
    std::vector<Run> runs;
  };
  // The ids from `first` up to, but not including, `end`, if there is an end.
  struct Range {
    TraceId first;
    std::optional<TraceId> end;
    bool has(TraceId id) const { return id >= first && (!end || id < *end); }
  };

  Result<void> spill();
  void choose_partitions(const std::vector<uint32_t>& order);
  Result<void> write_run(Partition& partition, const std::vector<uint32_t>& order, size_t begin, size_t end);
  Result<void> hold(std::string_view frame, Run& run);
  Result<std::string> fetch(const Run& run) const;
  Result<std::vector<RunSpan>> read(const Run& run) const;
  Result<std::vector<RunSpan>> read(const Partition& partition, const Range& range) const;
  Result<std::vector<Range>> parts_of(const Partition& partition) const;

  std::string directory_;
  PrivateStoreOptions options_;
  std::vector<RunSpan> buffer_;
  std::vector<Partition> partitions_;
  std::string held_;  // the runs in memory
  std::optional<File> file_;
  uint64_t file_length_ = 0, added_ = 0;
};

}  // namespace culprit
