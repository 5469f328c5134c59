#include "load/schedule.h"

#include <algorithm>
#include <cmath>

namespace load {

namespace {

enum { kListOrders, kShowOrder, kListInvoices, kPlaceOrder, kImport, kListProducts, kShowProduct, kChangeStock };

// Sizes of the tables that `demo` makes.
constexpr int kCustomers = 20'000, kOrders = 2'000'000, kOrdersWithItems = 200'000, kInvoiceCustomers = 2'000;
constexpr int kProducts = 5'000, kCategories = 50;
// One stock change in three is of what sells best.
constexpr int kHotProducts = 5;
constexpr int kImportRows = 60;

}  // namespace

// Low enough that two CPUs stay mostly idle, even where each GET /orders scans its table (about 0.15 s of one CPU).
const std::vector<Operation>& operations() {
  static const std::vector<Operation> list = {
      {"GET /orders", 4},         {"GET /orders/{id}", 10},   {"GET /customers/{id}/invoices", 6},
      {"POST /orders", 5},        {"POST /orders/import", 4}, {"GET /products", 10},
      {"GET /products/{id}", 15}, {"POST /stock/{id}", 8},
  };
  return list;
}

Schedule::Schedule(uint64_t seed, double factor, int64_t start_ns) : random_(seed), factor_(factor) {
  next_ns_.assign(operations().size(), start_ns);
}

Arrival Schedule::next() {
  std::lock_guard lock(mutex_);
  auto first = std::min_element(next_ns_.begin(), next_ns_.end());
  Arrival arrival;
  arrival.intended_ns = *first;
  arrival.operation = first - next_ns_.begin();
  double gap = std::exponential_distribution<double>(operations()[arrival.operation].per_second * factor_)(random_);
  *first += static_cast<int64_t>(gap * 1e9);
  describe(arrival);
  return arrival;
}

void Schedule::describe(Arrival& arrival) {
  auto text = [this](int low, int high) { return std::to_string(number(low, high)); };
  arrival.method = operations()[arrival.operation].name.substr(0, 4) == "POST" ? "POST" : "GET";
  switch (arrival.operation) {
    case kListOrders: arrival.target = "/orders?customer=" + text(1, kCustomers); break;
    case kShowOrder: arrival.target = "/orders/" + text(kOrders - kOrdersWithItems + 1, kOrders); break;
    case kListInvoices: arrival.target = "/customers/" + text(1, kInvoiceCustomers) + "/invoices"; break;
    case kPlaceOrder:
      arrival.target = "/orders?customer=" + text(1, kCustomers) + "&product=" + text(1, kProducts);
      break;
    case kImport:
      arrival.target = "/orders/import?partner=" + text(1, 9);
      for (int row = 0; row < kImportRows; ++row)
        arrival.body += "article " + text(1, kProducts) + " to customer " + text(1, kCustomers) + "\n";
      break;
    case kListProducts: arrival.target = "/products?category=" + text(1, kCategories); break;
    case kShowProduct: arrival.target = "/products/" + text(1, kProducts); break;
    case kChangeStock:
      arrival.target = "/stock/" + (number(1, 3) == 1 ? text(1, kHotProducts) : text(kHotProducts + 1, kProducts)) +
                       "?by=" + text(-3, 4);
      break;
  }
}

}  // namespace load
