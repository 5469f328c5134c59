// Parser for EXPLAIN's JSON. It is a file of its own, so that simdjson is compiled in one file only.
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ask/plan.h"

namespace culprit::ask {

namespace {

using simdjson::dom::element;

// A plan with more nodes comes from a generated statement; nodes beyond the limit hardly change the result.
constexpr size_t kMaxNodes = 10'000;

std::string text_of(element node, const char* name) {
  std::string_view text;
  return node[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

double number_of(element node, const char* name) {
  double number = 0;
  return node[name].get(number) == simdjson::SUCCESS ? number : 0;
}

Scan scan_of(element node) {
  Scan scan;
  scan.found = true;
  scan.node = text_of(node, "Node Type");
  scan.schema = text_of(node, "Schema");
  scan.relation = text_of(node, "Relation Name");
  scan.alias = text_of(node, "Alias");
  scan.index = text_of(node, "Index Name");
  scan.filter = text_of(node, "Filter");
  scan.condition = text_of(node, "Index Cond");
  if (scan.condition.empty()) scan.condition = text_of(node, "Recheck Cond");
  scan.rows_per_turn = number_of(node, "Plan Rows");
  return scan;
}

struct Visit {
  element node;
  double loops = 1;  // estimated number of executions
  bool joined = false;
  bool limited = false;                     // a LIMIT takes only the first rows of its result
  std::vector<std::string> sort_keys = {};  // its rows are sorted by these keys and limited
};

std::vector<std::string> sort_keys_of(element node) {
  std::vector<std::string> keys;
  simdjson::dom::array array;
  if (node["Sort Key"].get(array) != simdjson::SUCCESS) return keys;
  for (element key : array) {
    std::string_view text;
    if (key.get(text) == simdjson::SUCCESS) keys.emplace_back(text);
  }
  return keys;
}

// Returns how often a node runs a subplan, from the ratio of their costs.
double runs_of(element node, element child) {
  if (text_of(child, "Parent Relationship") != "SubPlan") return 0;
  return std::floor(number_of(node, "Total Cost") / std::max(number_of(child, "Total Cost"), 0.01));
}

double own_cost(element node) {
  double cost = number_of(node, "Total Cost");
  simdjson::dom::array children;
  if (node["Plans"].get(children) != simdjson::SUCCESS) return cost;
  for (element child : children) cost -= runs_of(node, child) * number_of(child, "Total Cost");
  return cost;
}

// Returns the properties of a node's input. Other nodes below it (an InitPlan) have rows of their own.
Visit input_of(const Visit& visit, element child) {
  std::string node = text_of(visit.node, "Node Type");
  Visit input{child, visit.loops, visit.joined};
  bool join = node == "Nested Loop" || node.ends_with(" Join");
  if (text_of(child, "Parent Relationship") == "SubPlan" || text_of(child, "Parent Relationship") == "InitPlan")
    return input;
  input.joined = visit.joined || join;
  bool passes_on = node == "Gather" || node == "Gather Merge" || node == "LockRows" || node == "Result";
  input.limited = node == "Limit" || (visit.limited && passes_on);
  if (node == "Sort" && visit.limited) input.sort_keys = sort_keys_of(visit.node);
  return input;
}

void push_children(const Visit& visit, std::vector<Visit>& open) {
  simdjson::dom::array children;
  if (visit.node["Plans"].get(children) != simdjson::SUCCESS) return;
  double outer_rows = 1;
  bool nested_loop = text_of(visit.node, "Node Type") == "Nested Loop";
  for (element child : children) {
    // The cost of the inner side of a nested loop is the cost of one pass.
    bool inner = nested_loop && text_of(child, "Parent Relationship") == "Inner";
    if (!inner) outer_rows = std::max(1.0, number_of(child, "Plan Rows"));
    if (open.size() >= kMaxNodes) continue;
    open.push_back(input_of(visit, child));
    open.back().loops *= inner ? outer_rows : std::max(runs_of(visit.node, child), 1.0);
  }
}

void read_write(element root, Scan& scan) {
  if (text_of(root, "Node Type") != "ModifyTable") return;
  scan.written_how = text_of(root, "Operation");
  scan.written_schema = text_of(root, "Schema");
  scan.written = text_of(root, "Relation Name");
}

}  // namespace

Scan most_expensive_scan(std::string_view explain_json) {
  Scan costliest;
  simdjson::dom::parser parser;
  element document, root;
  if (parser.parse(explain_json.data(), explain_json.size()).get(document) != simdjson::SUCCESS) return costliest;
  if (document.at(0)["Plan"].get(root) != simdjson::SUCCESS) return costliest;
  double highest_cost = -1;
  std::vector<Visit> open = {{root}};
  for (size_t visited = 0; !open.empty() && visited < kMaxNodes; ++visited) {
    Visit visit = std::move(open.back());
    open.pop_back();
    double cost = own_cost(visit.node) * visit.loops;
    bool reads = text_of(visit.node, "Relation Name").size() > 0 && text_of(visit.node, "Node Type") != "ModifyTable";
    if (reads && cost > highest_cost) {
      costliest = scan_of(visit.node);
      costliest.rows = costliest.rows_per_turn * visit.loops;
      costliest.joined = visit.joined;
      costliest.sort_keys = visit.sort_keys;
      highest_cost = cost;
    }
    push_children(visit, open);
  }
  costliest.total_cost = number_of(root, "Total Cost");
  read_write(root, costliest);
  return costliest;
}

}  // namespace culprit::ask
