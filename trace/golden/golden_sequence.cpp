#include "trace/golden/golden_sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/walk/heap_walker.h"
#include "core/walk/process_source.h"

namespace palloscope::trace {

using core::Address;
using core::ContextKind;
using nlohmann::json;

namespace {

constexpr std::uint64_t kMaxBlockSize = 0x3FFFFFFF;  // spec 2.3
constexpr std::uint64_t kMinBlockSize = 1024;        // spec 3.1
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 26;
constexpr std::size_t kMaxNameBytes = 4096;

// A file may ask for no more than this, so that none exhausts the machine that replays it.
constexpr std::size_t kMaxContexts = 10'000;
constexpr std::uint64_t kMaxZeroedBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kMaxSlabChunks = std::uint64_t{1} << 20;  // in a block

const json& argument(const json& op, const char* key) {
  auto found = op.find(key);
  if (found == op.end()) throw BadOperation(fmt::format("has no \"{}\"", key));
  return *found;
}

std::int64_t number(const json& op, const char* key) {
  const json& value = argument(op, key);
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() >> 63 != 0)) {
    throw BadOperation(fmt::format("\"{}\" is not a whole number", key));
  }
  return value.get<std::int64_t>();
}

std::uint64_t size(const json& op, const char* key) {
  const json& value = argument(op, key);
  if (!value.is_number_unsigned()) throw BadOperation(fmt::format("\"{}\" is not a size", key));
  return value.get<std::uint64_t>();
}

int flags(const json& op) {
  if (!op.contains("flags")) return 0;
  std::uint64_t value = size(op, "flags");
  if (value > 7) throw BadOperation("\"flags\" are 1 (huge), 2 (no-oom), 4 (zero)");
  return static_cast<int>(value);
}

std::string text(const json& op, const char* key) {
  const json& value = argument(op, key);
  if (!value.is_string()) throw BadOperation(fmt::format("\"{}\" is not a string", key));
  auto string = value.get<std::string>();
  if (string.size() > kMaxNameBytes || string.find('\0') != std::string::npos) {
    throw BadOperation(fmt::format("\"{}\" is no name", key));
  }
  return string;
}

bool truth(const json& op, const char* key) {
  const json& value = argument(op, key);
  if (!value.is_boolean()) throw BadOperation(fmt::format("\"{}\" is neither true nor false", key));
  return value.get<bool>();
}

void require(bool holds, const char* what) {
  if (!holds) throw BadOperation(what);
}

// What PostgreSQL asserts of a context's parameters (spec 3.1).
core::AllocSetSizes context_sizes(const json& op) {
  core::AllocSetSizes sizes{size(op, "min"), size(op, "init"), size(op, "max")};
  auto multiple = [](std::uint64_t bytes) { return bytes % 8 == 0; };
  require(sizes.init_block_bytes >= kMinBlockSize && multiple(sizes.init_block_bytes), "\"init\" is no block size");
  require(sizes.max_block_bytes >= sizes.init_block_bytes && multiple(sizes.max_block_bytes) &&
              sizes.max_block_bytes <= kMaxBlockSize,
          "\"max\" is no block size");
  require(
      sizes.min_context_bytes == 0 || (multiple(sizes.min_context_bytes) && sizes.min_context_bytes >= kMinBlockSize &&
                                       sizes.min_context_bytes <= sizes.max_block_bytes),
      "\"min\" is no context size");
  return sizes;
}

}  // namespace

GoldenSequence::GoldenSequence(const core::VersionProfile& profile, GoldenObserver* observer)
    : profile_(profile), recorder_(observer), process_(profile, recorder_) {
  recorder_.start(process_);
}

json GoldenSequence::run(const json& op) {
  json r = json::object();
  recorder_.begin_operation();
  callbacks_run_.clear();
  auto name = op.at("op").get<std::string>();
  try {
    carry_out(name, op, r);
  } catch (const core::Ereport& error) {
    r = json::object();
    std::string message = recorder_.with_positions(error.message);
    r["err"] = error.detail.empty() ? message : message + " | " + error.detail;
  } catch (const core::Crash& crash) {
    throw BadOperation(fmt::format("ends the simulated process: {}, {}", crash.signal, crash.message));
  }
  if (!recorder_.malloc_calls().empty()) r["ev"] = recorder_.malloc_calls();
  if (!callbacks_run_.empty()) r["cb"] = callbacks_run_;
  if (!recorder_.warnings().empty()) r["warn"] = recorder_.warnings();
  return r;
}

void GoldenSequence::carry_out(const std::string& name, const json& op, json& r) {
  if (name == "alloc") return alloc(op, r);
  if (name == "alloc_aligned") return alloc_aligned(op, r);
  if (name == "realloc") return realloc(op, r);
  if (name == "free") {
    std::int64_t id = number(op, "id");
    process_.pfree(chunk(op).at);
    // A second pfree is only for those who notice.
    if (!profile_.checks.detects_freed_chunks) {
      chunks_.erase(id);
    } else {
      chunks_.at(id).freed = true;
    }
    return;
  }
  if (name == "poke") return poke(op);
  if (name == "malloc_fail") return process_.fail_mallocs_from(size(op, "min_size"));
  if (create(name, op) || change_context(name, op) || ask(name, op, r)) return;
  throw BadOperation("is not known");
}

// --- contexts -----------------------------------------------------------------------------------------------------

bool GoldenSequence::create(const std::string& name, const json& op) {
  constexpr std::pair<const char*, ContextKind> kKinds[] = {{"create_aset", ContextKind::AllocSet},
                                                            {"create_generation", ContextKind::Generation},
                                                            {"create_slab", ContextKind::Slab},
                                                            {"create_bump", ContextKind::Bump}};
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](auto& k) { return name == k.first; });
  if (kind == std::end(kKinds)) return false;
  require(profile_.node_tags[static_cast<std::size_t>(kind->second)] != 0, "makes a kind this version does not have");
  std::int64_t id = number(op, "ctx");
  require(id >= 0 && contexts_.count(id) == 0, "makes a context whose number is in use");
  require(contexts_.size() < kMaxContexts, "makes more contexts than a golden sequence may have");
  std::int64_t parent_id = number(op, "parent");
  Address parent = parent_address(parent_id);
  std::string context_name = text(op, "name");
  Address at;
  if (kind->second == ContextKind::Slab) {
    std::uint64_t block = size(op, "block"), chunk_bytes = size(op, "chunk");
    require(block <= kMaxBlockSize && chunk_bytes <= kMaxBlockSize, "has a size that is too large");
    require(block / (chunk_bytes + 8) <= kMaxSlabChunks, "has too many chunks in a block");
    at = process_.slab_context_create(parent, context_name, block, chunk_bytes);
  } else {
    core::AllocSetSizes sizes = context_sizes(op);
    at = kind->second == ContextKind::AllocSet     ? process_.alloc_set_context_create(parent, context_name, sizes)
         : kind->second == ContextKind::Generation ? process_.generation_context_create(parent, context_name, sizes)
                                                   : process_.bump_context_create(parent, context_name, sizes);
  }
  contexts_[id] = {at, kind->second, parent_id};
  return true;
}

bool GoldenSequence::change_context(const std::string& name, const json& op) {
  if (name == "set_parent") {
    set_parent(op);
    return true;
  }
  constexpr const char* kNames[] = {"reset",           "reset_only", "reset_children", "delete",
                                    "delete_children", "set_ident",  "allow_in_crit",  "register_callback"};
  if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) return false;
  std::int64_t id = number(op, "ctx");
  Address at = context(op).at;
  if (name == "set_ident") {
    const json& ident = argument(op, "ident");
    process_.memory_context_set_identifier(
        at, ident.is_null() ? std::nullopt : std::optional<std::string_view>(text(op, "ident")));
  } else if (name == "allow_in_crit") {
    process_.memory_context_allow_in_critical_section(at, truth(op, "allow"));
  } else if (name == "register_callback") {
    std::uint64_t callback = size(op, "cb");
    require(callback <= 0xFFFFFFFF, "\"cb\" is too large");
    auto n = static_cast<std::uint32_t>(callback);
    process_.memory_context_register_reset_callback(at, n, [this, n] { callbacks_run_.push_back(n); });
  } else if (name == "reset") {
    forget_children_of(id);
    forget_chunks_of(id);
    process_.memory_context_reset(at);
  } else if (name == "reset_only") {
    forget_chunks_of(id);
    process_.memory_context_reset_only(at);
  } else if (name == "reset_children") {
    for (const auto& [other, held] : contexts_) {
      for (std::int64_t up = held.parent; up >= 0; up = contexts_.at(up).parent) {
        if (up == id) {
          forget_chunks_of(other);
          break;
        }
      }
    }
    process_.memory_context_reset_children(at);
  } else if (name == "delete_children") {
    forget_children_of(id);
    process_.memory_context_delete_children(at);
  } else {
    forget_context(id);
    process_.memory_context_delete(at);
  }
  return true;
}

void GoldenSequence::set_parent(const json& op) {
  Context& moved = context(op);
  std::int64_t id = number(op, "ctx"), parent = number(op, "parent");
  Address at = parent_address(parent);
  for (std::int64_t up = parent; up >= 0; up = contexts_.at(up).parent) {
    require(up != id, "would make a context its own ancestor");
  }
  process_.memory_context_set_parent(moved.at, at);
  moved.parent = parent;
}

// --- chunks -------------------------------------------------------------------------------------------------------

void GoldenSequence::alloc(const json& op, json& r) {
  std::int64_t id = number(op, "id");
  const Context& owner = context(op);
  require(!has_chunk(id), "makes a chunk whose number is in use");
  std::uint64_t bytes = size(op, "size");
  int how = flags(op);
  require((how & core::kMcxtAllocZero) == 0 || bytes <= kMaxZeroedBytes || bytes > core::kMaxAllocSize,
          "zeroes more than a golden sequence may");
  Address at = how == 0 ? process_.memory_context_alloc(owner.at, bytes)
                        : process_.memory_context_alloc_extended(owner.at, bytes, how);
  if (!at) {
    r["at"] = nullptr;
    return;
  }
  chunks_[id] = {at, number(op, "ctx")};
  describe_chunk(at, owner.kind, r);
}

void GoldenSequence::alloc_aligned(const json& op, json& r) {
  std::int64_t id = number(op, "id");
  const Context& owner = context(op);
  require(profile_.rules.has_aligned, "needs PostgreSQL 16 or newer");
  require(owner.kind != ContextKind::Bump, "is not possible in a Bump context");
  require(!has_chunk(id), "makes a chunk whose number is in use");
  std::uint64_t align = size(op, "align"), bytes = size(op, "size");
  require(std::has_single_bit(align) && align <= kMaxAlignment, "\"align\" is not a power of two that is allowed");
  require((flags(op) & core::kMcxtAllocZero) == 0 || bytes <= kMaxZeroedBytes, "zeroes more than a sequence may");
  Address at = process_.memory_context_alloc_aligned(owner.at, bytes, align, flags(op));
  if (!at) {
    r["at"] = nullptr;
    return;
  }
  chunks_[id] = {at, number(op, "ctx")};
  if (align <= 16) r["at"] = recorder_.position(at);  // beyond, it depends on where malloc put the block
  r["aligned"] = at.value % align == 0 ? 1 : 0;
  r["space"] = static_cast<std::int64_t>(process_.get_memory_chunk_space(at));
}

void GoldenSequence::realloc(const json& op, json& r) {
  Chunk& moved = chunk(op);
  std::uint64_t bytes = size(op, "size");
  int how = flags(op);
  require((how & ~core::kMcxtAllocHuge) == 0, "has flags that repalloc does not take here");
  Address at = how != 0 ? process_.repalloc_huge(moved.at, bytes) : process_.repalloc(moved.at, bytes);
  moved.at = at;
  describe_chunk(at, contexts_.at(moved.context).kind, r);
}

// Position, space, and the header word as this version has it.
void GoldenSequence::describe_chunk(Address at, ContextKind kind, json& r) const {
  r["at"] = recorder_.position(at);
  if (kind == ContextKind::Bump && !profile_.checking) return;
  if (kind != ContextKind::Bump) r["space"] = static_cast<std::int64_t>(process_.get_memory_chunk_space(at));
  auto word_before = [&](std::uint64_t distance) {
    std::uint8_t bytes[8];
    if (!process_.read(at - distance, bytes)) throw BadOperation("gives a chunk whose header cannot be read");
    std::uint64_t word = 0;
    for (int i = 7; i >= 0; --i) word = word << 8 | bytes[i];
    return word;
  };
  if (profile_.chunk_header.packed) {
    r["hdr"] = fmt::format("{:016x}", word_before(8));
  } else if (kind == ContextKind::AllocSet) {
    r["csize"] = static_cast<std::int64_t>(word_before(profile_.alloc_set.chunk_bytes));
  } else if (kind == ContextKind::Generation) {
    r["csize"] = static_cast<std::int64_t>(word_before(profile_.generation.chunk_bytes));
  }
}

void GoldenSequence::poke(const json& op) {
  std::uint64_t offset = size(op, "off"), byte = size(op, "byte");
  Address at = chunk(op).at + offset;
  std::uint8_t there[1];
  require(byte <= 0xFF, "\"byte\" is no byte");
  require(offset <= kMaxBlockSize && process_.read(at, there), "\"off\" is not in the process's memory");
  there[0] = static_cast<std::uint8_t>(byte);
  process_.write(at, there);
}

// --- questions ----------------------------------------------------------------------------------------------------

bool GoldenSequence::ask(const std::string& name, const json& op, json& r) {
  if (name == "dump") {
    Address at = context(op).at;
    core::WalkedHeap heap = walk();
    r = golden_layout(heap.contexts[find_walked(heap, at)], profile_.major, recorder_);
    r["text"] = process_.memory_context_stats_line(at);
    if (!heap.findings.empty()) r["walk"] = heap.findings.front().what;
  } else if (name == "tree") {
    Address at = context(op).at;
    core::WalkedHeap heap = walk();
    r["tree"] = golden_tree(heap, find_walked(heap, at));
  } else if (name == "stats_text") {
    std::int64_t most = number(op, "max_children");
    require(most >= 0 && most <= 0x7FFFFFFF, "\"max_children\" is out of range");
    r["lines"] = process_.memory_context_stats(context(op).at, static_cast<int>(most));
  } else if (name == "mem_allocated") {
    r["mem"] = static_cast<std::int64_t>(process_.memory_context_mem_allocated(context(op).at, truth(op, "recurse")));
  } else if (name == "owner") {
    core::WalkedHeap heap = walk();
    r["owner"] = heap.contexts[find_walked(heap, process_.get_memory_chunk_context(chunk(op).at))].name;
  } else if (name == "chunk_space") {
    r["space"] = static_cast<std::int64_t>(process_.get_memory_chunk_space(chunk(op).at));
  } else if (name == "check") {
    process_.memory_context_check(context(op).at);
  } else {
    return false;
  }
  return true;
}

core::WalkedHeap GoldenSequence::walk() const {
  return core::walk_heap(core::ProcessSource(process_), profile_, core::walk_roots(process_));
}

// --- what the operations' numbers mean ----------------------------------------------------------------------------

GoldenSequence::Context& GoldenSequence::context(const json& op, const char* key) {
  auto found = contexts_.find(number(op, key));
  if (found == contexts_.end())
    throw BadOperation(fmt::format("names context {}, which there is not", number(op, key)));
  return found->second;
}

Address GoldenSequence::parent_address(std::int64_t id) {
  if (id == -1) return process_.top_memory_context();
  auto found = contexts_.find(id);
  if (found == contexts_.end()) throw BadOperation(fmt::format("names context {}, which there is not", id));
  return found->second.at;
}

GoldenSequence::Chunk& GoldenSequence::chunk(const json& op) {
  auto found = chunks_.find(number(op, "id"));
  if (found == chunks_.end()) throw BadOperation(fmt::format("names chunk {}, which there is not", number(op, "id")));
  return found->second;
}

bool GoldenSequence::has_chunk(std::int64_t id) const {
  auto found = chunks_.find(id);
  return found != chunks_.end() && !found->second.freed;
}

void GoldenSequence::forget_chunks_of(std::int64_t context) {
  for (auto chunk = chunks_.begin(); chunk != chunks_.end();) {
    chunk = chunk->second.context == context ? chunks_.erase(chunk) : std::next(chunk);
  }
}

void GoldenSequence::forget_children_of(std::int64_t parent) {
  std::vector<std::int64_t> children;
  for (const auto& [id, held] : contexts_) {
    if (held.parent == parent) children.push_back(id);
  }
  for (std::int64_t id : children) forget_context(id);
}

void GoldenSequence::forget_context(std::int64_t id) {
  forget_children_of(id);
  forget_chunks_of(id);
  contexts_.erase(id);
}

}  // namespace palloscope::trace
