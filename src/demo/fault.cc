#include "demo/fault.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "demo/demo.h"
#include "demo/tables.h"

namespace culprit::demo {

namespace {

constexpr int kSqlMs = 60'000;

class None : public Fault {
 public:
  Result<void> plant(Shop&, Postgres&) override { return {}; }
  Result<void> heal(Shop&, Postgres&) override { return {}; }
  Truth truth(const Shop&) const override {
    Truth truth;
    truth.fault = "none";
    return truth;
  }
  std::string remedy() const override { return "nothing to fix"; }
};

class MissingIndex : public Fault {
 public:
  Result<void> plant(Shop&, Postgres& server) override { return server.run_sql("shop", kDropOrdersIndexSql, kSqlMs); }
  Result<void> heal(Shop&, Postgres& server) override { return server.run_sql("shop", kOrdersIndexSql, kSqlMs); }
  Truth truth(const Shop& shop) const override {
    Truth truth;
    truth.fault = "missing_index";
    truth.finding_class = "slow_statement";
    truth.mechanism = "scan";
    truth.entity_kind = "statement";
    truth.entity_statement =
        "SELECT id, placed_at, status, total_cents FROM orders WHERE customer_id = $1::int ORDER BY placed_at DESC "
        "LIMIT 20";
    truth.caller = "orders";
    truth.caller_pid = shop.pid_of("orders");
    truth.operation = "GET /orders";
    return truth;
  }
  std::string remedy() const override { return "the index"; }
};

// An open transaction whose client does nothing more.
class RowLock : public Fault {
 public:
  Result<void> plant(Shop& shop, Postgres& server) override {
    session_ = TRY(shop.start_program("backoffice", {"--db", shop.backoffice_conninfo()}, Program::Talk::Yes));
    constexpr int kHoldMs = 10'000;  // it waits for the updates that are in progress
    TRY(session_.read_line(kHoldMs));
    std::string pid = TRY(server.ask("shop", "SELECT pid FROM pg_stat_activity WHERE application_name = 'backoffice'"));
    backend_pid_ = std::atoi(pid.c_str());
    return {};
  }
  Result<void> heal(Shop&, Postgres&) override {
    session_.stop(SIGTERM);
    return {};
  }
  Truth truth(const Shop& shop) const override {
    Truth truth;
    truth.fault = "row_lock";
    truth.finding_class = "lock_wait";
    truth.mechanism = "row";
    truth.entity_kind = "lock";
    truth.entity_name = "stock";
    truth.holder_pid = backend_pid_;
    truth.holder_client_pid = session_.pid();
    truth.holder_program = "backoffice";
    truth.holder_statement = "UPDATE stock SET quantity = quantity - 1 WHERE product_id <= $1::int";
    truth.caller = "catalogue";
    truth.caller_pid = shop.pid_of("catalogue");
    truth.operation = "POST /stock/{id}";
    return truth;
  }
  std::string remedy() const override { return "the open transaction was rolled back"; }
  int pid() const override { return session_.pid() > 0 ? session_.pid() : 0; }

 private:
  Child session_;
  int backend_pid_ = 0;
};

// A setting of one service, with a healthy and a faulty value.
class BadSetting : public Fault {
 public:
  BadSetting(std::string service, std::string name, std::string healthy, std::string bad, std::string remedy,
             Truth truth)
      : service_(std::move(service)),
        name_(std::move(name)),
        healthy_(std::move(healthy)),
        bad_(std::move(bad)),
        remedy_(std::move(remedy)),
        truth_(std::move(truth)) {}

  Result<void> plant(Shop& shop, Postgres&) override { return shop.configure(service_, name_, bad_); }
  Result<void> heal(Shop& shop, Postgres&) override { return shop.configure(service_, name_, healthy_); }
  Truth truth(const Shop& shop) const override {
    Truth truth = truth_;
    truth.caller_pid = shop.pid_of(truth.caller);
    if (truth.entity_kind == "service") {
      truth.entity_pid = shop.pid_of(truth.entity_name);
      truth.entity_port = shop.port_of(truth.entity_name);
    }
    return truth;
  }
  std::string remedy() const override { return remedy_; }

 private:
  std::string service_, name_, healthy_, bad_, remedy_;
  Truth truth_;
};

class NoisyNeighbour : public Fault {
 public:
  Result<void> plant(Shop& shop, Postgres&) override {
    // With one thread for each CPU, the scheduler runs waking services at once; with eight, each wake-up must wait.
    long threads = 8 * sysconf(_SC_NPROCESSORS_ONLN);
    neighbour_ = TRY(shop.start_program("transcoder", {"--threads", std::to_string(threads)}, Program::Talk::No));
    return {};
  }
  Result<void> heal(Shop&, Postgres&) override {
    neighbour_.stop(SIGTERM);
    return {};
  }
  Truth truth(const Shop&) const override {
    Truth truth;
    truth.fault = "noisy_neighbour";
    truth.finding_class = "cpu_saturation";
    truth.entity_kind = "process";
    truth.entity_name = "transcoder";
    truth.entity_pid = neighbour_.pid();
    return truth;
  }
  std::string remedy() const override { return "the other program was ended"; }
  int pid() const override { return neighbour_.pid() > 0 ? neighbour_.pid() : 0; }

 private:
  Child neighbour_;
};

std::unique_ptr<Fault> n_plus_one() {
  Truth truth;
  truth.fault = truth.finding_class = "n_plus_one";
  truth.entity_kind = "statement";
  truth.entity_statement = "SELECT product_id, quantity, price_cents FROM invoice_lines WHERE invoice_id = $1::int";
  truth.caller = "orders";
  truth.operation = "GET /customers/{id}/invoices";
  return std::make_unique<BadSetting>("orders", "invoices", "join", "each",
                                      "one join instead of a query for each invoice", truth);
}

std::unique_ptr<Fault> commit_per_row() {
  Truth truth;
  truth.fault = "commit_per_row";
  truth.finding_class = "fsync_storm";
  truth.entity_kind = "statement";
  truth.entity_statement = "COMMIT";
  truth.caller = "orders";
  truth.operation = "POST /orders/import";
  return std::make_unique<BadSetting>("orders", "import", "batch", "row", "one transaction for all rows", truth);
}

std::unique_ptr<Fault> slow_dependency() {
  Truth truth;
  truth.fault = "slow_dependency";
  truth.finding_class = "dependency_slow";
  truth.entity_kind = "service";
  truth.entity_name = "shipping";
  truth.caller = "orders";
  truth.operation = "GET /orders/{id}";
  return std::make_unique<BadSetting>("shipping", "delay_ms", "0", "200", "the service answers fast again", truth);
}

}  // namespace

const std::vector<std::string_view>& fault_names() {
  static const std::vector<std::string_view> names = {
      "missing_index", "row_lock", "n_plus_one", "commit_per_row", "noisy_neighbour", "slow_dependency", "none"};
  return names;
}

Result<std::unique_ptr<Fault>> make_fault(const std::string& name) {
  if (name == "missing_index") return std::unique_ptr<Fault>(std::make_unique<MissingIndex>());
  if (name == "row_lock") return std::unique_ptr<Fault>(std::make_unique<RowLock>());
  if (name == "n_plus_one") return n_plus_one();
  if (name == "commit_per_row") return commit_per_row();
  if (name == "noisy_neighbour") return std::unique_ptr<Fault>(std::make_unique<NoisyNeighbour>());
  if (name == "slow_dependency") return slow_dependency();
  if (name == "none") return std::unique_ptr<Fault>(std::make_unique<None>());
  std::string all;
  for (std::string_view known : fault_names()) all += (all.empty() ? "" : ", ") + std::string(known);
  std::string_view close = closest(name, fault_names());
  std::string guess = close.empty() ? "" : ", did you mean '" + std::string(close) + "'?";
  return Error{Error::Kind::Usage, "unknown fault '" + name + "'" + guess, "one of " + all};
}

}  // namespace culprit::demo
