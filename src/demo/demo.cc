#include "demo/demo.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "demo/fault.h"
#include "demo/files.h"
#include "demo/place.h"
#include "demo/postgres.h"
#include "demo/process.h"
#include "demo/shop.h"
#include "demo/tables.h"
#include "demo/truth.h"

namespace culprit::demo {

namespace {

constexpr int kTablesMs = 120'000;
constexpr int kWarmMs = 2000, kWarmTries = 10;
// Within this time, at the load's rate, plans become generic after five executions (plancache.c), and queues fill or
// drain.
constexpr int kSettleMs = 2500;
// A healthy shop answers within a few ms. On a machine that is busy with other work it takes longer, and the demo says
// so.
constexpr int64_t kHealthyNs = 100'000'000;

struct Files {
  std::string before, after, why, diff, load, truth;  // the last four are empty if they are not kept
};

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<Files> choose_files(const std::string& save_directory) {
  Files files;
  if (save_directory.empty()) {
    int n = 1;
    auto name = [](int number) { return "demo-" + std::to_string(number) + ".culprit"; };
    while (exists(name(n)) || exists(name(n + 1))) ++n;
    files.before = name(n);
    files.after = name(n + 1);
    return files;
  }
  if (mkdir(save_directory.c_str(), 0755) != 0 && errno != EEXIST) {
    return Error{Error::Kind::Unavailable, "cannot make '" + save_directory + "': " + strerror(errno)};
  }
  auto in = [&](const char* name) { return save_directory + "/" + name; };
  files = {in("before.culprit"), in("after.culprit"), in("why.json"),
           in("diff.json"),      in("load.json"),     in("truth.json")};
  if (exists(files.before) || exists(files.after)) {
    return Error{Error::Kind::Usage, "'" + save_directory + "' holds an earlier demo's recordings",
                 "name another directory"};
  }
  return files;
}

// Returns one of the faults, except "none".
std::string random_fault() {
  uint32_t number;
  CHECK(getrandom(&number, sizeof number, 0) == sizeof number, "the kernel gives random bytes");
  const std::vector<std::string_view>& names = fault_names();
  return std::string(names[number % (names.size() - 1)]);
}

Result<std::string> find_programs(const std::string& given) {
  if (!given.empty()) return given;
  char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return Error{Error::Kind::Unavailable, "cannot read /proc/self/exe", "mount -t proc proc /proc"};
  std::string program(path, n);
  const std::string directory = program.substr(0, program.rfind('/'));
  const std::string installed = directory + "/../lib/culprit/lab";
  return exists(installed) ? installed : directory + "/lab";
}

// Clock ticks of all CPUs since boot: busy and total (proc(5), /proc/stat).
struct CpuTicks {
  int64_t busy = 0, all = 0;
};
CpuTicks cpu_ticks() {
  Result<std::string> text = read_file("/proc/stat");
  int64_t t[8] = {};
  if (!text.has_value() || sscanf(text.value().c_str(), "cpu %ld %ld %ld %ld %ld %ld %ld %ld", t, t + 1, t + 2, t + 3,
                                  t + 4, t + 5, t + 6, t + 7) < 8)
    return {};
  int64_t idle = t[3] + t[4], busy = t[0] + t[1] + t[2] + t[5] + t[6] + t[7];
  return {busy, busy + idle};
}

const Seen* find_operation(const std::vector<Seen>& operations, const std::string& name) {
  for (const Seen& seen : operations) {
    if (seen.operation == name) return &seen;
  }
  return nullptr;
}

// One run of the demo, from the empty directory to the comparison. Members are destroyed in reverse order: first the
// fault, last the directory.
class Run {
 public:
  Run(const Options& options, const Hooks& hooks, Files files)
      : options_(options), hooks_(hooks), files_(std::move(files)) {}

  Result<Outcome> go();

 private:
  Result<void> set_up();
  Result<void> make_tables();
  Result<void> warm_up();
  Result<void> record(const std::string& phase, const std::string& path);
  Result<void> keep(const std::string& path, const std::string& text);
  Result<void> save_truth();
  void say_client_side();
  Scene scene() const;
  void say(const char* topic, const std::string& text) {
    if (hooks_.say) hooks_.say(std::string(topic) + std::string(8 - strlen(topic), ' ') + text);
  }

  const Options& options_;
  const Hooks& hooks_;
  Files files_;
  TruthFile truth_;
  std::optional<Place> place_;
  std::optional<Postgres> server_;
  std::optional<Shop> shop_;
  std::unique_ptr<Fault> fault_;
};

Result<void> Run::set_up() {
  std::string programs = TRY(find_postgres_programs());
  std::string lab = TRY(find_programs(options_.programs_directory));
  User postgres = TRY(find_user("postgres")), nobody = TRY(find_user("nobody"));
  bool chosen = options_.fault.empty();
  fault_ = TRY(make_fault(chosen ? random_fault() : options_.fault));
  place_.emplace(TRY(Place::make()));
  server_.emplace(TRY(Postgres::start(place_->path(), programs, postgres)));
  TRY(make_tables());
  shop_.emplace(TRY(Shop::start(place_->path(), lab, *server_, nobody)));
  TRY(warm_up());
  say("shop", "PostgreSQL " + server_->version() +
                  ", 3 services and an outside one, TLS, pooled prepared statements, 40 clients");
  say("fault", (chosen ? std::string("one of six, chosen now") : "'" + options_.fault + "', as asked") +
                   "; the analyser is not told");
  return {};
}

Result<void> Run::make_tables() {
  say("set up", "PostgreSQL on port " + std::to_string(server_->port()) + ", a table of 2,000,000 rows …");
  Child orders = TRY(server_->start_sql("shop", kOrdersSql));
  TRY(server_->run_sql("shop", kOtherTablesSql, kTablesMs));
  int status = TRY(orders.wait(kTablesMs));
  if (status != 0) {
    return Error{Error::Kind::Unavailable, "cannot fill the table orders: see PostgreSQL's own message",
                 "is the disk full?"};
  }
  for (const char* sql : kSettleSql) TRY(server_->run_sql("shop", sql, kTablesMs));
  return {};
}

Result<void> Run::warm_up() {
  std::string slow;
  for (int i = 0; i < kWarmTries; ++i) {
    std::string phase = "warm_up_" + std::to_string(i + 1);
    TRY(shop_->begin_phase(phase));
    TRY(pause_for(kWarmMs));
    TRY(shop_->begin_phase(""));
    std::vector<Seen> operations = TRY(shop_->seen(phase));
    auto ill = std::find_if(operations.begin(), operations.end(),
                            [](const Seen& seen) { return seen.errors > 0 || seen.p50_ns > kHealthyNs; });
    if (ill == operations.end()) return {};
    slow = ill->operation + ": " + std::to_string(ill->errors) + " errors, p50 " + format_duration(ill->p50_ns);
  }
  return Error{Error::Kind::Unavailable, "the shop does not become healthy (" + slow + ")",
               "is this machine busy with something else?"};
}

Scene Run::scene() const {
  Scene scene;
  for (const Service& service : shop_->services()) scene.root_pids.push_back(service.process.pid());
  scene.root_pids.push_back(server_->pid());
  if (fault_->pid() > 0) scene.root_pids.push_back(fault_->pid());
  scene.postmaster_pid = server_->pid();
  scene.data_directory = server_->data_directory();
  scene.instance = "127.0.0.1:" + std::to_string(server_->port()) + "/shop";
  return scene;
}

Result<void> Run::record(const std::string& phase, const std::string& path) {
  bool before = phase == "before";
  CpuTicks start = cpu_ticks();
  (before ? truth_.times.before_from_ns : truth_.times.after_from_ns) = wall_ns();
  TRY(shop_->begin_phase(phase));
  TRY(hooks_.record(scene(), options_.duration_ns, path));
  if (Interrupts::signal()) return interrupted_error();
  TRY(shop_->begin_phase(""));
  (before ? truth_.times.before_to_ns : truth_.times.after_to_ns) = wall_ns();
  CpuTicks end = cpu_ticks();
  double busy =
      end.all > start.all ? static_cast<double>(end.busy - start.busy) / static_cast<double>(end.all - start.all) : 0;
  (before ? truth_.times.before_cpu_busy : truth_.times.after_cpu_busy) = busy;
  TRY(pause_for(kSettleMs));  // requests that are due in this phase are answered
  (before ? truth_.before : truth_.after) = TRY(shop_->seen(phase));
  return {};
}

Result<void> Run::keep(const std::string& path, const std::string& text) {
  if (path.empty()) return {};
  return write_file(path, text, 0644, User{geteuid(), getegid(), {}});
}

Result<void> Run::save_truth() {
  truth_.instance = scene().instance;
  truth_.version = server_->version();
  truth_.postmaster_pid = server_->pid();
  truth_.load_pid = shop_->load_pid();
  truth_.load_seed = shop_->load_seed();
  for (const Service& service : shop_->services())
    truth_.services.push_back({service.name, service.process.pid(), service.port});
  if (!files_.load.empty()) TRY(keep(files_.load, TRY(shop_->load_json())));
  return keep(files_.truth, truth_json(truth_));
}

void Run::say_client_side() {
  std::string operation = truth_.truth.operation.empty() ? "GET /orders/{id}" : truth_.truth.operation;
  const Seen* before = find_operation(truth_.before, operation);
  const Seen* after = find_operation(truth_.after, operation);
  if (!before || !after) return;
  say("planted", truth_.truth.fault);
  say("client", operation + " p95 " + format_duration(before->p95_ns) + " → " + format_duration(after->p95_ns) +
                    ", by the load's own clock");
}

Result<Outcome> Run::go() {
  TRY(set_up());
  TRY(fault_->plant(*shop_, *server_));
  truth_.times.planted_ns = wall_ns();
  truth_.truth = fault_->truth(*shop_);
  TRY(pause_for(kSettleMs));
  TRY(record("before", files_.before));
  TRY(keep(files_.why, TRY(hooks_.why(scene(), files_.before))));

  int64_t start_ns = wall_ns();
  TRY(fault_->heal(*shop_, *server_));
  truth_.times.healed_ns = wall_ns();
  say("fix", fault_->remedy() + ", " + format_duration(truth_.times.healed_ns - start_ns));
  TRY(pause_for(kSettleMs));
  TRY(record("after", files_.after));
  TRY(keep(files_.diff, TRY(hooks_.diff(scene(), files_.before, files_.after))));
  TRY(save_truth());
  say_client_side();

  fault_.reset();
  shop_->stop();
  server_->stop();
  return Outcome{truth_.truth.fault, files_.before, files_.after, truth_json(truth_)};
}

Result<void> check_rights() {
  if (geteuid() == 0) return {};
  return Error{Error::Kind::Denied, "demo needs root: to record, and to start PostgreSQL as its own user",
               "sudo culprit demo"};
}

}  // namespace

Result<void> check_place() {
  TRY(check_rights());
  TRY(find_postgres_programs());
  TRY(find_user("postgres"));
  const std::string lab = TRY(find_programs(""));
  if (!exists(lab + "/gateway"))
    return Error{Error::Kind::Unavailable, "the demo's shop is not in '" + lab + "'",
                 "./dev build, or the whole package"};
  return {};
}

int interrupted_by() { return Interrupts::signal(); }

Result<Outcome> run(const Options& options, const Hooks& hooks) {
  CHECK(hooks.record && hooks.why && hooks.diff, "demo has hooks to record and to answer");
  TRY(make_fault(options.fault.empty() ? "none"
                                       : options.fault));  // a mistyped name is reported before anything else happens
  TRY(check_rights());
  Files files = TRY(choose_files(options.save_directory));
  Interrupts interrupts;
  return Run(options, hooks, files).go();
}

}  // namespace culprit::demo
