#include "trace/importers/explain_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace palloscope::trace {
namespace {

using core::NodeLimit;
using core::PlanOperation;
using Json = nlohmann::json;

constexpr int kDeepestPlan = 1000;
constexpr std::uint64_t kMostKb = std::uint64_t{1} << 50, kMostWorkers = 1024;

std::uint64_t number(const Json& node, const char* name, std::uint64_t most) {
  const auto found = node.find(name);
  if (found == node.end() || !found->is_number()) return 0;
  const double value = found->get<double>();
  return value <= 0 ? 0 : static_cast<std::uint64_t>(std::min(value, static_cast<double>(most)));
}
std::uint64_t kb(const Json& node, const char* name) { return number(node, name, kMostKb) * 1024; }

std::string text(const Json& node, const char* name) {
  const auto found = node.find(name);
  return found != node.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag(const Json& node, const char* name) {
  const auto found = node.find(name);
  return found != node.end() && found->is_boolean() && found->get<bool>();
}

// Nodes whose whole limit is work_mem: tuples that wait in a sort or a tuplestore, sets of row addresses.
constexpr std::string_view kWorkMemNodes[] = {
    "Sort",          "Incremental Sort",    "Materialize",     "WindowAgg",
    "Function Scan", "Table Function Scan", "Recursive Union", "Bitmap Heap Scan"};

bool hashes(const Json& node) {
  const std::string strategy = text(node, "Strategy");
  return strategy == "Hashed" || strategy == "Mixed";
}

void add_taken(PlanOperation& operation, std::uint64_t bytes) {
  operation.taken_bytes = operation.taken_bytes.value_or(0) + bytes;
}

// What one process said, the leader or a worker.
void read_figures(const Json& node, PlanOperation& operation) {
  if (node.contains("Sort Space Used")) {
    if (text(node, "Sort Space Type") == "Disk") {
      operation.disk_bytes += kb(node, "Sort Space Used");
    } else {
      add_taken(operation, kb(node, "Sort Space Used"));
    }
  }
  if (node.contains("Peak Memory Usage")) add_taken(operation, kb(node, "Peak Memory Usage"));
  operation.disk_bytes += kb(node, "Disk Usage");
  for (const char* groups : {"Full-sort Groups", "Pre-sorted Groups"}) {
    const auto found = node.find(groups);
    if (found == node.end() || !found->is_object()) continue;
    if (const auto memory = found->find("Sort Space Memory"); memory != found->end() && memory->is_object())
      add_taken(operation, kb(*memory, "Peak Sort Space Used"));
    if (const auto disk = found->find("Sort Space Disk"); disk != found->end() && disk->is_object())
      operation.disk_bytes += kb(*disk, "Peak Sort Space Used");
  }
  if (node.contains("Maximum Storage")) {  // 18
    if (text(node, "Storage") == "Disk") {
      operation.disk_bytes += kb(node, "Maximum Storage");
    } else {
      add_taken(operation, kb(node, "Maximum Storage"));
    }
  }
  operation.batches =
      std::max({operation.batches, number(node, "Hash Batches", kMostKb), number(node, "HashAgg Batches", kMostKb)});
}

class Reader {
 public:
  // `processes`: that run this part of the plan.
  bool read(const Json& node, std::uint32_t processes, int depth) {
    if (depth > kDeepestPlan || !node.is_object()) return false;
    const std::string type = text(node, "Node Type");
    if (type.empty()) return false;
    const bool known = std::find(std::begin(kWorkMemNodes), std::end(kWorkMemNodes), type) != std::end(kWorkMemNodes);
    if (known) add(node, type, NodeLimit::WorkMem, processes);
    if (type == "Hash")
      add(node, type, flag(node, "Parallel Aware") ? NodeLimit::SharedHash : NodeLimit::HashMem, processes);
    if (type == "Aggregate" && hashes(node)) add(node, "HashAggregate", NodeLimit::HashMem, processes);
    if (type == "SetOp" && hashes(node)) add(node, "HashSetOp", NodeLimit::HashMem, processes);
    if (type == "Memoize") add(node, type, NodeLimit::HashMem, processes);
    const std::string subplan = text(node, "Subplan Name");
    if (subplan.starts_with("CTE ")) add_plain(subplan, NodeLimit::WorkMem, processes);
    if (subplan.starts_with("hashed ")) add_plain(subplan, NodeLimit::HashMem, processes);

    std::uint32_t below = processes;
    if (type == "Gather" || type == "Gather Merge") {
      const std::uint64_t workers = node.contains("Workers Launched") ? number(node, "Workers Launched", kMostWorkers)
                                                                      : number(node, "Workers Planned", kMostWorkers);
      below = 1 + static_cast<std::uint32_t>(workers);
    }
    const auto children = node.find("Plans");
    if (children == node.end()) return true;
    if (!children->is_array()) return false;
    return std::all_of(children->begin(), children->end(),
                       [&](const Json& child) { return read(child, below, depth + 1); });
  }

  std::vector<PlanOperation> found;

 private:
  void add_plain(std::string name, NodeLimit limit, std::uint32_t processes) {
    PlanOperation operation;
    operation.node = std::move(name);
    operation.limit = limit;
    operation.processes = processes;
    found.push_back(std::move(operation));
  }

  void add(const Json& node, const std::string& name, NodeLimit limit, std::uint32_t processes) {
    add_plain(name, limit, processes);
    PlanOperation& operation = found.back();
    read_figures(node, operation);
    // Of a table that is not shared EXPLAIN tells the largest alone, but every process has one.
    if (name == "Hash" && limit == NodeLimit::HashMem && operation.taken_bytes) *operation.taken_bytes *= processes;
    const auto workers = node.find("Workers");
    if (workers == node.end() || !workers->is_array()) return;
    for (const Json& worker : *workers)
      if (worker.is_object()) read_figures(worker, operation);
  }
};

constexpr std::size_t kDeepestNesting = 4096;  // brackets; a node of a plan has two of them

// How deep its brackets nest, whatever stands in texts.
std::size_t nesting_of(std::string_view text) {
  std::size_t depth = 0, deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

core::Result<std::vector<PlanOperation>> read_explain_plan(std::string_view text) {
  // Before anything recursive sees it: what nests deeper than any plan is refused, not followed.
  if (nesting_of(text) > kDeepestNesting)
    return core::Error{core::ErrorCode::BadFormat, "it is nested deeper than any plan of EXPLAIN (FORMAT JSON)"};
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return core::Error{
        core::ErrorCode::BadFormat,
        fmt::format("no JSON at byte {}: ask for the plan with EXPLAIN (ANALYZE, FORMAT JSON)", error.byte)};
  } catch (const Json::exception&) {
    return core::Error{core::ErrorCode::BadFormat, "a number in it is larger than any that EXPLAIN prints"};
  }
  if (json.is_array() && json.size() == 1) {
    Json only = std::move(json[0]);
    json = std::move(only);
  }
  const auto plan = json.is_object() ? json.find("Plan") : json.end();
  if (!json.is_object() || plan == json.end())
    return core::Error{core::ErrorCode::BadFormat,
                       "no \"Plan\" in it: ask for one statement's plan with EXPLAIN (ANALYZE, FORMAT JSON)"};
  Reader reader;
  if (!reader.read(*plan, 1, 0))
    return core::Error{core::ErrorCode::BadFormat, "a node of the plan has no \"Node Type\", or the plan is too deep"};
  return std::move(reader.found);
}

}  // namespace palloscope::trace
