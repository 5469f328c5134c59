#include "cli/cancelling_reader.h"

#include <utility>

namespace culprit::cli {

namespace {

class CancellingReader : public Reader {
 public:
  CancellingReader(std::unique_ptr<Reader> reader, const CancelToken& token)
      : reader_(std::move(reader)), token_(token) {}

  Result<void> for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) override {
    TRY(check_cancelled(&token_));
    TRY(reader_->for_each_trace(from_ns, to_ns,
                                [&](Trace trace) { return !token_.requested() && visit(std::move(trace)); }));
    return check_cancelled(&token_);
  }
  Result<std::optional<Trace>> trace(TraceId id) override {
    TRY(check_cancelled(&token_));
    return reader_->trace(id);
  }
  Result<std::vector<ThreadState>> thread_states(int32_t tid, int64_t from_ns, int64_t to_ns) override {
    TRY(check_cancelled(&token_));
    return reader_->thread_states(tid, from_ns, to_ns);
  }
  Result<std::vector<LogRecord>> logs() override {
    TRY(check_cancelled(&token_));
    return reader_->logs();
  }
  Result<std::vector<MetricPoint>> metrics() override {
    TRY(check_cancelled(&token_));
    return reader_->metrics();
  }
  Result<std::vector<Process>> processes() override {
    TRY(check_cancelled(&token_));
    return reader_->processes();
  }
  Result<std::vector<Connection>> connections() override {
    TRY(check_cancelled(&token_));
    return reader_->connections();
  }
  Result<std::vector<HostInfo>> hosts() override {
    TRY(check_cancelled(&token_));
    return reader_->hosts();
  }
  Result<std::vector<Resource>> resources() override {
    TRY(check_cancelled(&token_));
    return reader_->resources();
  }
  Result<std::vector<LedgerRow>> ledger() override {
    TRY(check_cancelled(&token_));
    return reader_->ledger();
  }
  Result<Account> account() override {
    TRY(check_cancelled(&token_));
    return reader_->account();
  }
  Result<SqlTable> sql(std::string_view select, SqlLimits limits) override {
    TRY(check_cancelled(&token_));
    return reader_->sql(select, limits);
  }

 private:
  std::unique_ptr<Reader> reader_;
  const CancelToken& token_;
};

}  // namespace

std::unique_ptr<Reader> until_cancelled(std::unique_ptr<Reader> reader, const CancelToken& token) {
  return std::make_unique<CancellingReader>(std::move(reader), token);
}

}  // namespace culprit::cli
