#include "store/journal/waiting.h"

#include <algorithm>
#include <tuple>

#include "base/saturated.h"
#include "model/batch_codec.h"
#include "model/tables.h"

namespace culprit {

namespace {

void add_row(std::vector<LedgerRow>& rows, const LedgerRow& row) {
  auto key = [](const LedgerRow& r) {
    return std::tie(r.time_ns, r.source, r.service, r.stage, r.kind, r.unit, r.evidence, r.detail);
  };
  auto same = std::find_if(rows.begin(), rows.end(), [&](const LedgerRow& other) { return key(other) == key(row); });
  if (same == rows.end())
    rows.push_back(row);
  else
    same->n = saturated_sum(same->n, row.n);
}

void add_received(std::vector<Received>& all, const Received& received) {
  auto same = std::find_if(all.begin(), all.end(), [&](const Received& other) {
    return other.source == received.source && other.unit == received.unit;
  });
  if (same == all.end())
    all.push_back(received);
  else
    same->n = saturated_sum(same->n, received.n);
}

}  // namespace

Result<void> WaitingBatches::add(const Batch& batch) {
  Waiting waiting;
  waiting.content = TRY(encode_batch(batch));
#define TABLE(section, Row, member)                                                                      \
  if (constexpr TableInfo kTable = table_info(Of<Row>()); !kTable.unit.empty() && !batch.member.empty()) \
    waiting.rows[std::string(kTable.unit)] += static_cast<int64_t>(batch.member.size());
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"
  waiting.rest.processes = batch.processes;
  waiting.rest.hosts = batch.hosts;
  waiting.rest.ledger = batch.ledger;
  waiting.rest.received = batch.received;
  bytes_ += waiting.content.size();
  waiting_.push_back(std::move(waiting));
  return {};
}

void WaitingBatches::pop() {
  bytes_ -= waiting_.front().content.size();
  waiting_.pop_front();
}

void WaitingBatches::shed(const std::string& reason) {
  Waiting& oldest = waiting_.front();
  for (const LedgerRow& row : oldest.rest.ledger) add_row(account_.ledger, row);
  for (auto& [unit, n] : oldest.rows) {
    LedgerRow row = ledger_row(LedgerKind::refused, n, "store", "store", reason);
    row.unit = unit;
    add_row(account_.ledger, row);
  }
  for (const Received& received : oldest.rest.received) add_received(account_.received, received);
  account_.processes.insert(account_.processes.end(), oldest.rest.processes.begin(), oldest.rest.processes.end());
  if (!oldest.rest.hosts.empty()) account_.hosts = oldest.rest.hosts;
  pop();
}

}  // namespace culprit
