#include "store/local/trace_runs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/packed.h"
#include "model/batch_codec.h"
#include "model/frame.h"

namespace culprit {

namespace {

// Enough partitions to read each partition of a large file at once: 128 buffers, about eight million spans. Larger
// partitions are read in parts.
constexpr size_t kPartitions = 128;

// Returns the indices of `spans` in order of trace id; spans of one trace keep their order. Sorts ids instead of spans: spans are
// about 600 bytes apart in memory.
std::vector<uint32_t> order_by_trace(const std::vector<RunSpan>& spans) {
  struct Entry {
    TraceId id;
    uint32_t index;
    auto operator<=>(const Entry&) const = default;
  };
  std::vector<Entry> entries;
  entries.reserve(spans.size());
  for (const RunSpan& span : spans) entries.push_back({span.span.trace_id, static_cast<uint32_t>(entries.size())});
  if (!std::is_sorted(entries.begin(), entries.end())) std::sort(entries.begin(), entries.end());
  std::vector<uint32_t> order;
  order.reserve(entries.size());
  for (const Entry& entry : entries) order.push_back(entry.index);
  return order;
}

// Calls `visit` with the spans of one trace after the other. Returns false if `visit` stopped.
Result<bool> visit_traces(std::vector<RunSpan>& spans, const CancelToken* cancel,
                          const std::function<Result<bool>(std::vector<RunSpan>)>& visit) {
  const std::vector<uint32_t> order = order_by_trace(spans);
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    TRY(check_cancelled(cancel));
    TraceId id = spans[order[begin]].span.trace_id;
    while (end < order.size() && spans[order[end]].span.trace_id == id) ++end;
    std::vector<RunSpan> trace;
    trace.reserve(end - begin);
    for (size_t i = begin; i < end; ++i) trace.push_back(std::move(spans[order[i]]));
    if (!TRY(visit(std::move(trace)))) return false;
  }
  return true;
}

}  // namespace

Result<void> TraceRuns::add(Span span, uint64_t resource_id) {
  if (buffer_.capacity() == 0) buffer_.reserve(options_.buffered_spans);
  buffer_.push_back({std::move(span), resource_id});
  ++added_;
  if (buffer_.size() < options_.buffered_spans) return {};
  return spill();
}

Result<void> TraceRuns::finish() {
  if (partitions_.empty()) return {};  // few spans: they stay in the buffer
  TRY(spill());
  buffer_ = {};
  return {};
}

void TraceRuns::choose_partitions(const std::vector<uint32_t>& order) {
  partitions_.push_back({TraceId(), 0, {}});
  for (size_t i = 1; i < kPartitions; ++i) {
    TraceId first = buffer_[order[i * order.size() / kPartitions]].span.trace_id;
    if (partitions_.back().first < first) partitions_.push_back({first, 0, {}});
  }
}

Result<void> TraceRuns::spill() {
  std::vector<uint32_t> order = order_by_trace(buffer_);
  if (partitions_.empty()) choose_partitions(order);
  size_t begin = 0;
  for (size_t i = 0; i < partitions_.size(); ++i) {
    size_t end = begin;
    bool last = i + 1 == partitions_.size();
    while (end < order.size() && (last || buffer_[order[end]].span.trace_id < partitions_[i + 1].first)) ++end;
    if (end > begin) TRY(write_run(partitions_[i], order, begin, end));
    begin = end;
  }
  buffer_.clear();
  return {};
}

Result<void> TraceRuns::write_run(Partition& partition, const std::vector<uint32_t>& order, size_t begin, size_t end) {
  TRY(check_cancelled(options_.cancel));
  Batch batch;
  PackedWriter resources;
  batch.spans.reserve(end - begin);
  for (size_t i = begin; i < end; ++i) {
    RunSpan& from = buffer_[order[i]];
    from.span.resource = 0;
    batch.spans.push_back(std::move(from.span));
    resources.varint(from.resource_id);
  }
  std::string content = resources.take();
  content += TRY(encode_batch(batch));
  Run run{0, 0, static_cast<uint32_t>(end - begin)};
  TRY(hold(TRY(encode_frame(FrameHeader{}, std::string_view(content))), run));
  partition.runs.push_back(run);
  partition.spans += run.spans;
  return {};
}

Result<void> TraceRuns::hold(std::string_view frame, Run& run) {
  run.length = frame.size();
  if (!file_ && held_.size() + frame.size() <= options_.held_bytes) {
    run.offset = held_.size();
    held_ += frame;
    return {};
  }
  if (!file_) {
    if (!directory_.empty()) {
      auto named = File::open(directory_, O_TMPFILE | O_RDWR);
      if (named.has_value()) file_ = std::move(named).value();
    }
    if (!file_) file_ = TRY(File::in_memory("culprit-runs"));
    TRY(file_->write_all(held_));
    file_length_ = held_.size();
    held_ = {};
  }
  run.offset = file_length_;
  auto written = file_->write_all(frame);
  if (!written.has_value() && !directory_.empty()) {  // the disk is full: the runs continue in memory
    File memory = TRY(File::in_memory("culprit-runs"));
    TRY(memory.append_from(*file_, file_length_));
    file_ = std::move(memory);
    directory_.clear();
    written = file_->write_all(frame);
  }
  TRY(std::move(written));
  file_length_ += frame.size();
  return {};
}

Result<std::string> TraceRuns::fetch(const Run& run) const {
  if (!file_) return held_.substr(run.offset, run.length);
  return file_->read_at(run.offset, run.length);
}

Result<std::vector<RunSpan>> TraceRuns::read(const Run& run) const {
  TRY(check_cancelled(options_.cancel));
  std::string frame = TRY(fetch(run));
  std::string content = TRY(decode_frame_content(TRY(decode_frame_header(frame)), frame));
  PackedReader in(content);
  std::vector<uint64_t> resources(run.spans);
  for (uint64_t& id : resources) id = in.varint();
  Batch batch = TRY(decode_batch(in.rest()));
  if (in.failed() || batch.spans.size() != run.spans) return Error{Error::Kind::Corrupt, "a run of spans is damaged"};
  std::vector<RunSpan> spans(run.spans);
  for (size_t i = 0; i < spans.size(); ++i) spans[i] = {std::move(batch.spans[i]), resources[i]};
  return spans;
}

Result<std::vector<RunSpan>> TraceRuns::read(const Partition& partition, const Range& range) const {
  std::vector<RunSpan> spans;
  spans.reserve(std::min<uint64_t>(partition.spans, options_.buffered_spans));
  for (const Run& run : partition.runs) {
    std::vector<RunSpan> some = TRY(read(run));
    for (RunSpan& span : some)
      if (range.has(span.span.trace_id)) spans.push_back(std::move(span));
  }
  return spans;
}

// Divides a partition that is larger than the memory limit into ranges. Each range needs its own pass over the runs.
Result<std::vector<TraceRuns::Range>> TraceRuns::parts_of(const Partition& partition) const {
  std::vector<Range> parts = {{TraceId(), std::nullopt}};
  if (partition.spans <= options_.buffered_spans) return parts;
  std::vector<TraceId> ids;
  ids.reserve(partition.spans);
  for (const Run& run : partition.runs) {
    std::vector<RunSpan> some = TRY(read(run));
    for (const RunSpan& span : some) ids.push_back(span.span.trace_id);
  }
  std::sort(ids.begin(), ids.end());
  for (size_t at = options_.buffered_spans; at < ids.size(); at += options_.buffered_spans) {
    if (!(parts.back().first < ids[at])) continue;
    parts.back().end = ids[at];
    parts.push_back({ids[at], std::nullopt});
  }
  return parts;
}

Result<void> TraceRuns::for_each_trace(const std::function<Result<bool>(std::vector<RunSpan>)>& visit) {
  if (partitions_.empty()) {
    std::vector<RunSpan> copy = buffer_;
    TRY(visit_traces(copy, options_.cancel, visit));
    return {};
  }
  for (const Partition& partition : partitions_) {
    std::vector<Range> parts = TRY(parts_of(partition));
    for (const Range& part : parts) {
      std::vector<RunSpan> spans = TRY(read(partition, part));
      if (!TRY(visit_traces(spans, options_.cancel, visit))) return {};
    }
  }
  return {};
}

Result<std::vector<RunSpan>> TraceRuns::trace(TraceId id) {
  std::vector<RunSpan> found;
  auto take = [&](std::vector<RunSpan>& from) {
    for (RunSpan& span : from)
      if (span.span.trace_id == id) found.push_back(std::move(span));
  };
  if (partitions_.empty()) {
    std::vector<RunSpan> copy = buffer_;
    take(copy);
    return found;
  }
  auto after = std::upper_bound(partitions_.begin(), partitions_.end(), id,
                                [](TraceId wanted, const Partition& partition) { return wanted < partition.first; });
  for (const Run& run : (after - 1)->runs) {
    std::vector<RunSpan> some = TRY(read(run));
    take(some);
  }
  return found;
}

}  // namespace culprit
