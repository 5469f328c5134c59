#include "model/generated_batch_testing.h"

#include <limits>
#include <random>
#include <type_traits>

#include "model/tables.h"

namespace culprit {

namespace {

class Generator {
 public:
  enum class Texts { Any, Utf8 };
  Generator(uint64_t seed, Texts texts) : random_(seed), texts_(texts) {}

  Batch batch() {
    Batch batch;
#define TABLE(section, Row, member) \
  for (uint64_t i = below(20); i > 0; --i) batch.member.push_back(row<Row>());
#include "model/tables.inc"
    for (Span& span : batch.spans) plausible(span, batch.resources.size());
    for (LogRecord& log : batch.logs) log.resource = index_of(batch.resources.size());
    for (Received& received : batch.received) received.n = static_cast<int64_t>(below(1000));
    return batch;
  }

  // Fills every column of a row's description.
  template <class Row>
  Row row() {
    Row made;
    Fill<Row> fill{*this, made};
    describe(fill, Of<Row>());
    return made;
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool coin() { return below(2) == 0; }
  int64_t time() { return 1'700'000'000'000'000'000 + static_cast<int64_t>(below(3'600'000'000'000)); }

  int64_t integer() {
    static constexpr int64_t kOdd[] = {0,
                                       -1,
                                       1,
                                       std::numeric_limits<int64_t>::min(),
                                       std::numeric_limits<int64_t>::max(),
                                       int64_t{1} << 53,
                                       (int64_t{1} << 53) + 1};
    return coin() ? kOdd[below(std::size(kOdd))] : static_cast<int64_t>(below(10'000));
  }
  double real() {
    static constexpr double kOdd[] = {0, -0.0, 1e308, -1.5, 5e-324, std::numeric_limits<double>::infinity()};
    return coin() ? kOdd[below(std::size(kOdd))] : static_cast<double>(below(1000)) / 8;
  }
  std::string text() {
    std::string made = any_text();
    return texts_ == Texts::Utf8 && made == "\xff\xfe" ? "xy" : made;
  }
  std::string any_text() {
    static const std::string kOdd[] = {"",         "GET /orders", "select 1", std::string("a\0b", 3),
                                       "\xff\xfe", "Grüße, 世界", "'\"\n\\"};
    return coin() ? kOdd[below(std::size(kOdd))] : "text " + std::to_string(below(50));
  }
  Value value() {
    switch (below(8)) {
      case 0: return {};
      case 1: return coin();
      case 2: return integer();
      case 3: return real();
      case 4: return Bytes{any_text()};
      case 5: return Nested{R"({"arrayValue":{"values":[{"intValue":"1"}]}})"};
    }
    return any_text();
  }
  Attributes attributes() {
    static const std::string kKeys[] = {"http.route", "db.query.text", "name", "Name", "pid", "k\n", "",
                                        "n",          "\xff",          "ünï"};
    Attributes all;
    for (uint64_t i = below(7); i > 0; --i) all.push_back({kKeys[below(std::size(kKeys))], value()});
    return all;
  }

  uint32_t index_of(size_t resources) { return resources == 0 ? 0 : static_cast<uint32_t>(below(resources)); }

  // Makes a span with one of few trace ids, times that do not overflow, and waits only if they are known.
  void plausible(Span& span, size_t resources) {
    span.trace_id = {below(3), 1 + below(5)};
    if (coin()) span.parent_span_id = 0;
    span.start_ns = time();
    span.duration_ns /= 4;
    span.resource = index_of(resources);
    if (!span.waits.known)
      for (int64_t& ns : span.waits.ns) ns = 0;
  }

  template <class T>
  T number() {
    if constexpr (std::is_same_v<T, bool>)
      return coin();
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<T>(real());
    else if constexpr (std::is_same_v<T, int64_t>)
      return integer();
    else
      return static_cast<T>(coin() ? below(1000) : random_());
  }

  template <class Row>
  struct Fill {
    Generator& from;
    Row& row;

    template <class T>
    void number(uint32_t, const char*, T Row::*member, std::string_view = {}) {
      row.*member = from.number<T>();
    }
    template <class T>
    void delta(uint32_t, const char*, T Row::*member, std::string_view = {}) {
      row.*member = from.time();
    }
    template <class T>
    void fixed(uint32_t id, const char* name, T Row::*member, std::string_view = {}) {
      number(id, name, member);
    }
    template <class T>
    void real(uint32_t id, const char* name, T Row::*member, std::string_view = {}) {
      number(id, name, member);
    }
    template <class T>
    void derived(const char* name, T Row::*member, std::string_view) {
      number(0, name, member);
    }
    template <class T>
    void resource(uint32_t, const char*, T Row::*, std::string_view) {}
    void own_id(const char*, std::string_view) {}
    template <class T>
    void text(uint32_t, const char*, T Row::*member, std::string_view = {}) {
      row.*member = from.text();
    }
    template <class T, size_t N>
    void names(uint32_t, const char*, T Row::*member, const std::string_view (&)[N], std::string_view = {}) {
      row.*member = static_cast<T>(from.below(N));
    }
    template <class T>
    void trace_id(uint32_t, uint32_t, const char*, T Row::*member, std::string_view = {}) {
      row.*member = {from.random_(), from.random_()};
    }
    template <class T>
    void trace_high(uint32_t, const char*, T Row::*member, std::string_view) {
      row.*member = {from.random_(), from.random_()};
    }
    template <class T, size_t N>
    void waits(uint32_t, uint32_t, T Row::*member, const char* const (&)[N]) {
      (row.*member).known = from.coin();
      for (int64_t& ns : (row.*member).ns) ns = static_cast<int64_t>(from.below(1'000'000));
    }
    template <class T>
    void attributes(uint32_t, const char*, const char*, T Row::*member, std::string_view = {}) {
      row.*member = from.attributes();
    }
    template <class T>
    void span_attributes(uint32_t, T Row::*member) {
      row.*member = from.attributes();
    }
    template <class T, class Child>
    void list(uint32_t, const char*, T Row::*member, Of<Child>, std::string_view = {}) {
      for (uint64_t i = from.below(3); i > 0; --i) (row.*member).push_back(from.row<Child>());
    }
  };

  std::mt19937_64 random_;
  Texts texts_;
};

}  // namespace

Batch generated_batch(uint64_t seed) { return Generator(seed, Generator::Texts::Any).batch(); }
Batch generated_utf8_batch(uint64_t seed) { return Generator(seed, Generator::Texts::Utf8).batch(); }

}  // namespace culprit
