// What "dump" and "tree" operations record, from the walk over the bytes.
#include "trace/golden/golden_sequence.h"

namespace palloscope::trace {

using core::ContextKind;
using core::WalkedBlock;
using core::WalkedContext;
using core::WalkedHeap;
using nlohmann::json;

namespace {

constexpr std::uint32_t kMaxTreeDepth = 1000;

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

json block_entry(const WalkedBlock& block, const GoldenRecorder& regions) {
  json entry = {{"b", regions.region_number(block.header)},
                {"size", number(block.end - block.header)},
                {"free", number(block.end - block.free_at)}};
  if (block.role == core::BlockRole::Keeper) entry["keeper"] = true;
  return entry;
}

json slab_block_entry(const WalkedBlock& block, int major, const GoldenRecorder& regions) {
  json entry = {{"b", regions.region_number(block.header)}, {"nfree", block.nfree}, {"freechain", block.free_chain}};
  if (major >= 16) entry["nunused"] = block.nunused;
  return entry;
}

void add_growth(const WalkedContext& context, json& r) {
  r["next_block"] = number(context.next_block_bytes);
  r["init_block"] = number(context.init_block_bytes);
  r["max_block"] = number(context.max_block_bytes);
  r["chunk_limit"] = number(context.chunk_limit_bytes);
}

void add_alloc_set(const WalkedContext& context, const GoldenRecorder& regions, json& r) {
  add_growth(context, r);
  r["freelist_index"] = context.freelist_index;
  r["blocks"] = json::array();
  for (const WalkedBlock& block : context.blocks) r["blocks"].push_back(block_entry(block, regions));
  r["freelists"] = json::object();
  for (std::size_t i = 0; i < context.freelists.size(); ++i) {
    for (core::Address chunk : context.freelists[i]) {
      r["freelists"][std::to_string(i)].push_back(regions.position(chunk));
    }
  }
}

void add_generation(const WalkedContext& context, const GoldenRecorder& regions, json& r) {
  add_growth(context, r);
  r["blocks"] = json::array();
  for (const WalkedBlock& block : context.blocks) {
    json entry = block_entry(block, regions);
    entry["nchunks"] = block.nchunks;
    entry["nfree"] = block.nfree;
    if (block.header == context.current_block) entry["current"] = true;
    if (block.header == context.free_block) entry["freeblock"] = true;
    r["blocks"].push_back(std::move(entry));
  }
  r["has_current"] = static_cast<bool>(context.current_block);
}

void add_slab(const WalkedContext& context, int major, const GoldenRecorder& regions, json& r) {
  r["chunk_size"] = number(context.chunk_bytes);
  r["full_chunk_size"] = number(context.full_chunk_bytes);
  r["chunks_per_block"] = context.chunks_per_block;
  r["header_size"] = number(context.header_bytes);
  r["block_size"] = number(context.init_block_bytes);
  if (major == 15) {
    r["min_free_chunks"] = context.min_free_chunks;
    r["nblocks"] = context.slab_nblocks;
    r["lists"] = json::object();
    for (const WalkedBlock& block : context.blocks) {
      r["lists"][std::to_string(block.list)].push_back(slab_block_entry(block, major, regions));
    }
    return;
  }
  r["blocklist_shift"] = context.blocklist_shift;
  r["cur_blocklist"] = context.current_blocklist;
  r["empty"] = json::array();
  r["lists"] = json::array({json::array(), json::array(), json::array()});
  for (const WalkedBlock& block : context.blocks) {
    json& list = block.list < 3 ? r["lists"][block.list] : r["empty"];
    list.push_back(slab_block_entry(block, major, regions));
  }
}

}  // namespace

json golden_layout(const WalkedContext& context, int major, const GoldenRecorder& regions) {
  const core::WalkedCounters& counters = context.counters;
  json r = {{"mem_allocated", number(context.mem_allocated)},
            {"is_reset", context.is_reset},
            {"is_empty", context.is_empty},
            {"stats",
             {{"nblocks", number(counters.nblocks)},
              {"freechunks", number(counters.freechunks)},
              {"total", number(counters.totalspace)},
              {"free", number(counters.freespace)},
              {"used", number(counters.totalspace) - number(counters.freespace)}}}};
  switch (context.kind) {
    case ContextKind::AllocSet:
      add_alloc_set(context, regions, r);
      break;
    case ContextKind::Generation:
      add_generation(context, regions, r);
      break;
    case ContextKind::Slab:
      add_slab(context, major, regions, r);
      break;
    case ContextKind::Bump:
      add_growth(context, r);
      r["blocks"] = json::array();
      for (const WalkedBlock& block : context.blocks) r["blocks"].push_back(block_entry(block, regions));
      break;
    case ContextKind::Unknown:
      break;
  }
  return r;
}

json golden_tree(const WalkedHeap& heap, std::size_t index) {
  const WalkedContext& context = heap.contexts[index];
  if (context.depth > kMaxTreeDepth) throw BadOperation("asks for a tree that is too deep to be recorded");
  json tree = {{"name", context.name},
               {"is_reset", context.is_reset},
               {"crit", context.allow_in_crit_section},
               {"mem", number(context.mem_allocated)},
               {"children", json::array()}};
  if (context.ident) tree["ident"] = *context.ident;
  for (std::size_t i = index + 1; i < heap.contexts.size() && heap.contexts[i].depth > context.depth; ++i) {
    if (heap.contexts[i].parent == static_cast<std::int32_t>(index)) tree["children"].push_back(golden_tree(heap, i));
  }
  return tree;
}

std::size_t find_walked(const WalkedHeap& heap, core::Address at) {
  for (std::size_t i = 0; i < heap.contexts.size(); ++i) {
    if (heap.contexts[i].at == at) return i;
  }
  throw BadOperation("the walk over the bytes does not find the context");
}

}  // namespace palloscope::trace
