#include "tests/support/naive_model/golden_json.h"

#include <array>
#include <cstdio>

namespace palloscope::test {

using core::ContextKind;
using nlohmann::json;

namespace {

struct KindName {
  OperationKind kind;
  const char* name;
};
constexpr KindName kNames[] = {{OperationKind::Alloc, "alloc"},
                               {OperationKind::AllocAligned, "alloc_aligned"},
                               {OperationKind::Free, "free"},
                               {OperationKind::Realloc, "realloc"},
                               {OperationKind::Reset, "reset"},
                               {OperationKind::ResetOnly, "reset_only"},
                               {OperationKind::ResetChildren, "reset_children"},
                               {OperationKind::Delete, "delete"},
                               {OperationKind::DeleteChildren, "delete_children"},
                               {OperationKind::SetParent, "set_parent"},
                               {OperationKind::SetIdent, "set_ident"},
                               {OperationKind::AllowInCrit, "allow_in_crit"},
                               {OperationKind::RegisterCallback, "register_callback"},
                               {OperationKind::MallocFail, "malloc_fail"}};
constexpr std::array<const char*, 4> kCreate = {"create_aset", "create_generation", "create_slab", "create_bump"};

std::string hex(std::uint64_t word) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(word));
  return text.data();
}

json calls(const Outcome& outcome) {
  json all = json::array();
  for (const MallocCall& call : outcome.calls) {
    constexpr std::array<const char*, 5> kCalls = {"m", "f", "r", "mfail", "rfail"};
    all.push_back({kCalls[call.kind], call.block});
    if (call.kind != MallocCall::Free) all.back().push_back(call.bytes);
  }
  return all;
}

}  // namespace

const char* golden_name(const Operation& operation) {
  if (operation.kind == OperationKind::Create) return kCreate[static_cast<std::size_t>(operation.context_kind)];
  for (const KindName& known : kNames) {
    if (known.kind == operation.kind) return known.name;
  }
  return "";
}

json golden_operation(const Operation& operation) {
  if (operation.kind == OperationKind::Create) {
    json op = {{"op", golden_name(operation)},
               {"ctx", operation.context},
               {"parent", operation.parent},
               {"name", operation.text}};
    if (operation.context_kind == ContextKind::Slab) {
      op["block"] = operation.init;
      op["chunk"] = operation.min;
    } else {
      op["min"] = operation.min;
      op["init"] = operation.init;
      op["max"] = operation.max;
    }
    return op;
  }
  json op = {{"op", golden_name(operation)}};
  switch (operation.kind) {
    case OperationKind::AllocAligned:
      op["align"] = operation.align;
      [[fallthrough]];
    case OperationKind::Alloc:
      op["ctx"] = operation.context;
      [[fallthrough]];
    case OperationKind::Realloc:
      op["size"] = operation.size;
      if (operation.flags != 0) op["flags"] = operation.flags;
      [[fallthrough]];
    case OperationKind::Free:
      op["id"] = operation.chunk;
      return op;
    case OperationKind::MallocFail:
      op["min_size"] = operation.size;
      return op;
    case OperationKind::SetParent:
      op["parent"] = operation.parent;
      break;
    case OperationKind::SetIdent:
      op["ident"] = operation.on ? json(operation.text) : json();
      break;
    case OperationKind::AllowInCrit:
      op["allow"] = operation.on;
      break;
    case OperationKind::RegisterCallback:
      op["cb"] = operation.callback;
      break;
    default:
      break;
  }
  op["ctx"] = operation.context;
  return op;
}

std::optional<Operation> operation_of(const json& golden) {
  Operation operation;
  const auto name = golden["op"].get<std::string>();
  operation.context = golden.value("ctx", 0);
  operation.parent = golden.value("parent", -1);
  operation.chunk = golden.value("id", 0);
  operation.flags = golden.value("flags", 0);
  operation.size = golden.value(name == "malloc_fail" ? "min_size" : "size", std::uint64_t{0});
  operation.align = golden.value("align", std::uint64_t{0});
  operation.callback = golden.value("cb", 0u);
  operation.on = golden.value("allow", false) || (golden.contains("ident") && golden["ident"].is_string());
  if (operation.on && golden.contains("ident")) operation.text = golden["ident"];
  for (std::size_t kind = 0; kind < kCreate.size(); ++kind) {
    if (name != kCreate[kind]) continue;
    operation.kind = OperationKind::Create;
    operation.context_kind = static_cast<ContextKind>(kind);
    operation.text = golden["name"];
    const bool slab = operation.context_kind == ContextKind::Slab;
    operation.min = golden[slab ? "chunk" : "min"];
    operation.init = golden[slab ? "block" : "init"];
    if (!slab) operation.max = golden["max"];
    return operation;
  }
  for (const KindName& known : kNames) {
    if (name != known.name) continue;
    operation.kind = known.kind;
    return operation;
  }
  return std::nullopt;
}

json golden_result(const Operation& operation, const Outcome& outcome, const NaiveModel& model) {
  json r = json::object();
  if (!outcome.error.empty()) r["err"] = outcome.error;
  if (outcome.returned_null) r["at"] = nullptr;
  if (outcome.at) {
    const bool aligned = operation.kind == OperationKind::AllocAligned;
    if (!aligned || operation.align <= 16) r["at"] = {outcome.at->block, outcome.at->offset};
    if (aligned) r["aligned"] = 1;
    if (outcome.space) r["space"] = *outcome.space;
    if (outcome.word && !aligned && model.major() >= 16) r["hdr"] = hex(*outcome.word);
    if (outcome.word && model.major() == 15) r["csize"] = *outcome.word;
  }
  if (!outcome.calls.empty()) r["ev"] = calls(outcome);
  if (!outcome.callbacks.empty()) r["cb"] = outcome.callbacks;
  return r;
}

json golden_answer(const json& question, const NaiveModel& model) {
  const auto name = question["op"].get<std::string>();
  if (name == "dump") return model.dump(question["ctx"]);
  if (name == "tree") return {{"tree", model.tree(question["ctx"])}};
  if (name == "stats_text") return {{"lines", model.stats_text(question["ctx"], question["max_children"])}};
  if (name == "mem_allocated") return {{"mem", model.mem_allocated(question["ctx"], question["recurse"])}};
  if (name == "chunk_space") return {{"space", model.chunk_space(question["id"])}};
  if (name == "owner") {
    return {{"owner", model.contexts().at(model.chunks().at(question["id"].get<int>()).context).name}};
  }
  return nullptr;
}

json golden_document(int major, bool checking, const std::string& sequence, json operations) {
  json document = {{"format", "pg-golden-allocs"},    {"format_version", 1},  {"server_major", major},
                   {"source_release", "naive model"}, {"checking", checking}, {"allocator", "mixed"}};
  document["sequences"] = json::array({{{"name", sequence}, {"ops", std::move(operations)}}});
  return document;
}

std::string to_text(const Outcome& outcome) {
  json r = {{"ev", calls(outcome)}, {"cb", outcome.callbacks}};
  if (!outcome.error.empty()) r["err"] = outcome.error;
  if (outcome.returned_null) r["at"] = nullptr;
  if (outcome.at) r["at"] = {outcome.at->block, outcome.at->offset};
  if (outcome.space) r["space"] = *outcome.space;
  if (outcome.word) r["word"] = hex(*outcome.word);
  if (!outcome.output.empty()) r["output"] = outcome.output;
  return r.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace palloscope::test
